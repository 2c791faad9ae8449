"""What an embedded engine has beyond its process: brokers and a store of records, where set.

Their libraries are imported only where they are used, so that a laptop without servers starts in a
moment.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING
from uuid import uuid4

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.runtime.engine import Engine
from orchestrator_dynamic.runtime.patience import until_available
from orchestrator_dynamic.runtime.publishing_bus import PublishingBus
from orchestrator_dynamic.runtime.record_copy import RecordCopy
from orchestrator_dynamic.runtime.relay import Relay
from orchestrator_dynamic.runtime.ticket_sending import SentTickets

if TYPE_CHECKING:
    from orchestrator_dynamic.bootstrap.broker import Broker
    from orchestrator_dynamic.consumers.consumption import Consumption

# What the last turns have told is sent before the end, unless the brokers are away.
_FAREWELL_S = 2.0

# Under these names a data directory knows what it is called elsewhere.
_INSTANCE, _COPY_KEYS = "instance", "copy-keys"


class Outside:
    """Runs the parts that reach out, in the order in which they may start and must stop.

    Attributes:
        bus: None where tickets stay in the process.
        copy: None where the ledger is all there is.
    """

    def __init__(self) -> None:
        self.bus: PublishingBus | None = None
        self.copy: RecordCopy | None = None
        self.relay: Relay | None = None
        self.broker: Broker | None = None
        self._instance = ""
        self._consumption: Consumption | None = None
        self._consuming: asyncio.Task[None] | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._background: list[asyncio.Task[None]] = []

    async def use_broker(
        self,
        settings: Settings,
        ledger: SqliteLedger,
        clock: Clock,
        metrics: Metrics,
        breakers: Breakers,
        opened: AsyncExitStack,
    ) -> None:
        """Let tickets and messages go to the brokers of `settings`."""
        from orchestrator_dynamic.bootstrap.broker import opened_broker

        self._instance = ledger.about(_INSTANCE) or ledger.note(_INSTANCE, uuid4().hex)
        name = f"orchestrator-engine-{self._instance}"
        opening = opened_broker(settings, name, breakers)
        self.broker = await opened.enter_async_context(opening)
        beside = opened.enter_context(closing(database.open_beside_engine(settings.data_dir)))
        self.relay = self.broker.relay(SqliteSharedLedger(beside), clock, metrics)
        broker, topic = self.broker, settings.kafka.tickets_topic
        self.bus = PublishingBus(SentTickets(broker.sink, broker.codec, topic, metrics), clock)

    async def use_record_store(
        self,
        settings: Settings,
        ledger: SqliteLedger,
        breakers: Breakers,
        opened: AsyncExitStack,
    ) -> None:
        """Copy every record to the store of `settings` before anybody sees what follows."""
        from orchestrator_dynamic.bootstrap.record_store import made_ready, opened_mongo_ledger

        keys = ledger.about(_COPY_KEYS)
        if keys is None:
            async with opened_mongo_ledger(settings) as store:
                # First of all, so that two who start at the same moment count with one counter.
                await made_ready(store)
                number = await until_available(store.reserve_keys, "record_store_awaited")
            keys = ledger.note(_COPY_KEYS, str(number))
        opening = opened_mongo_ledger(settings, int(keys), breakers)
        store = await opened.enter_async_context(opening)
        await made_ready(store)
        self.copy = RecordCopy(store, ledger.uncopied())

    async def consume(
        self,
        engine: Engine,
        metrics: Metrics,
        streams: Collection[Stream],
        opened: AsyncExitStack,
    ) -> None:
        """Take `streams` off the brokers for `engine`, which must be alone in its group.

        Raises:
            GroupShared: it is not.
        """
        from orchestrator_dynamic.bootstrap.engine_fence import refuse_company

        broker = self.broker
        if broker is None:
            return
        group = broker.settings.kafka.consumer_group_id
        await until_available(lambda: refuse_company(broker.options, group), "brokers_awaited")
        consuming = broker.consumption(engine, metrics, streams, self._instance)
        self._consumption = await opened.enter_async_context(consuming)

    def run_in(self, tasks: asyncio.TaskGroup) -> None:
        """Start what was opened."""
        running = [part.run() for part in (self.copy, self.bus) if part is not None]
        self._background = [tasks.create_task(one) for one in running]
        if self.relay is not None:
            self._relaying = tasks.create_task(self.relay.run())
        if self._consumption is not None and self.broker is not None:
            from orchestrator_dynamic.bootstrap.engine_fence import watch_company

            self._consuming = tasks.create_task(self._consumption.run())
            group = self.broker.settings.kafka.consumer_group_id
            watching = watch_company(self.broker.options, group)
            self._background.append(tasks.create_task(watching))

    async def stop_taking(self) -> None:
        """Take nothing more; what is in hand becomes durable."""
        if self._consumption is not None and self._consuming is not None:
            self._consumption.stop()
            await self._consuming

    async def stop_giving(self) -> None:
        """Wait until all records have been copied, and stop; what has not left is in the ledger."""
        if self.copy is not None:
            await self.copy.drained()
        if self.relay is not None and self._relaying is not None:
            self.relay.leave()
            await asyncio.wait([self._relaying], timeout=_FAREWELL_S)
            self._background.append(self._relaying)
        for task in self._background:
            task.cancel()


@asynccontextmanager
async def opened_outside(
    settings: Settings, ledger: SqliteLedger, clock: Clock, metrics: Metrics
) -> AsyncIterator[tuple[Outside, AsyncExitStack]]:
    """Open what `settings` name beyond the process, for as long as the context is open."""
    outside, breakers = Outside(), Breakers(metrics)
    async with AsyncExitStack() as opened:
        if settings.mongodb.uri:
            await outside.use_record_store(settings, ledger, breakers, opened)
        if settings.kafka.bootstrap_servers:
            await outside.use_broker(settings, ledger, clock, metrics, breakers, opened)
        yield outside, opened
