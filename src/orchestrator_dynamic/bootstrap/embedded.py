"""The embedded engine as an application: one process, one data directory, any bus and store."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite import database, lease
from orchestrator_dynamic.adapters.sqlite.floor import run_floor
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.bootstrap import driver_mark
from orchestrator_dynamic.bootstrap.outside import Outside, opened_outside
from orchestrator_dynamic.bootstrap.topics import topics_of
from orchestrator_dynamic.bootstrap.tracing import traced
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.ledger import Ledger
from orchestrator_dynamic.ports.store import Store
from orchestrator_dynamic.runtime.engine import Engine, EngineLimits
from orchestrator_dynamic.runtime.in_process import InProcessTransport
from orchestrator_dynamic.runtime.intake import Intake
from orchestrator_dynamic.runtime.lease_keeping import EngineLeases
from orchestrator_dynamic.runtime.leases import LeaseDesk
from orchestrator_dynamic.runtime.record_copy import DeferredCopy, RecordCopy
from orchestrator_dynamic.runtime.step import Onlooker
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.transport import TicketTransport
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.wire.decision_reader import ReadLimits

__all__ = ["Application", "application", "read_limits_of", "run_floor"]


@dataclass(frozen=True, slots=True)
class Application:
    """An engine that runs, and what belongs to it.

    Attributes:
        recovered: how many plans were taken up at the start.
        desk: lends tickets to workers elsewhere; None where that is not asked for, and where
            tickets go over the brokers.
    """

    engine: Engine
    queue: TicketQueue
    ledger: Ledger
    store: Store
    metrics: Metrics
    recovered: int
    desk: LeaseDesk | None = None


@asynccontextmanager
async def application(
    settings: Settings,
    *,
    workers: Sequence[Worker] | None,
    command: str,
    streams: Collection[Stream] = (),
    alone: bool = False,
    onlookers: Sequence[Onlooker] = (),
    lends: bool = False,
) -> AsyncIterator[Application]:
    """Run the embedded engine with `workers` in this process, as long as the context is open.

    On the way out it takes nothing more, makes durable what it has, and closes; an error inside
    ends it at once, which a restart with the same data directory mends.

    Args:
        workers: None where tickets shall only be queued, and nobody is missed.
        command: what holds the lease, to be told to whoever wants it too.
        streams: what it consumes from the broker, where one is set; without answers no plan ends.
        alone: whether to leave broker and record store be, though they are set: for a moment's
            work, which they will hear of from the engine that comes after.
        onlookers: are shown each turn once it is durable.
        lends: whether workers elsewhere may take tickets on lease, without brokers between. They
            are known while they ask, and live on where this process ends.

    Raises:
        Misconfigured: the data directory cannot be used or is in use, or a part refuses us.
        StorageFailed: a commit failed, so that the engine stopped.
    """
    async with AsyncExitStack() as opened:
        opened.enter_context(lease.held(settings.data_dir, command, now_text()))
        connection = opened.enter_context(closing(database.open_for_writing(settings.data_dir)))
        reading = opened.enter_context(closing(database.open_for_reading(settings.data_dir)))
        ledger, store = SqliteLedger(connection), SqliteStore(reading)
        driver_mark.claim(ledger, driver_mark.EMBEDDED)
        metrics, clock = Metrics(), SystemClock()
        onlookers = (*onlookers, *opened.enter_context(traced(settings, metrics)))
        outside, opened_later = Outside(), opened
        if not alone:
            parts = opened_outside(settings, ledger, clock, metrics)
            outside, opened_later = await opened.enter_async_context(parts)
        queue = TicketQueue(clock)
        engine = _engine(settings, ledger, queue, clock, metrics, outside, onlookers)
        profiles = None if workers is None else [worker.profile() for worker in workers]
        desk = None
        if lends and not settings.kafka.bootstrap_servers:
            profiles = profiles or []
            grace_s, keeper = settings.http.lease_grace_s, EngineLeases(engine)
            desk = LeaseDesk(queue, keeper, clock, metrics, profiles, grace_s=grace_s)
        adopt = None if desk is None else desk.adopt
        recovered = await engine.recover(None if outside.bus else profiles, adopt)
        if streams:
            await outside.consume(engine, metrics, streams, opened_later)
        app = Application(engine, queue, ledger, store, metrics, recovered, desk)
        async with _running(app, settings, workers, outside, opened):
            yield app


@asynccontextmanager
async def _running(
    app: Application,
    settings: Settings,
    workers: Sequence[Worker] | None,
    outside: Outside,
    opened: AsyncExitStack,
) -> AsyncIterator[None]:
    """Run everything that has a loop of its own; on the way out, stop it in order."""
    async with asyncio.TaskGroup() as tasks:
        outside.run_in(tasks)
        running = tasks.create_task(app.engine.run())
        staff = await _staffed(workers, app.engine, app.queue, outside, opened)
        lanes = [
            tasks.create_task(run_worker(worker, transport, clock=SystemClock()))
            for worker, transport in staff
        ]
        if app.desk is not None:
            lanes.append(tasks.create_task(app.desk.run()))
        yield
        for lane in lanes:
            lane.cancel()
        async with asyncio.timeout(settings.shutdown_timeout_s):
            await outside.stop_taking()
            app.engine.stop()
            await running
            await outside.stop_giving()


async def _staffed(
    workers: Sequence[Worker] | None,
    engine: Engine,
    queue: TicketQueue,
    outside: Outside,
    opened: AsyncExitStack,
) -> list[tuple[Worker, TicketTransport]]:
    """Return each worker with its way to the tickets: by the brokers, or without a way between."""
    if outside.broker is None:
        here = InProcessTransport(engine, queue)
        return [(worker, here) for worker in workers or ()]
    from orchestrator_dynamic.bootstrap.workers import opened_transport

    staffed: list[tuple[Worker, TicketTransport]] = []
    for worker in workers or ():
        profile = worker.profile()
        transport = opened_transport(
            outside.broker.settings, profile, f"worker-{profile.worker_id}"
        )
        staffed.append((worker, await opened.enter_async_context(transport)))
    return staffed


def _engine(
    settings: Settings,
    ledger: SqliteLedger,
    queue: TicketQueue,
    clock: SystemClock,
    metrics: Metrics,
    outside: Outside,
    onlookers: Sequence[Onlooker],
) -> Engine:
    policy, bus, relay = settings.policy(), outside.bus, outside.relay
    engine = Engine(
        ledger=ledger,
        bus=bus or queue,
        intake=Intake(clock, read_limits_of(settings), settings.plan_limits(), policy),
        clock=clock,
        chance=random.random,
        policy=policy,
        topics=topics_of(settings, relayed=bool(settings.kafka.bootstrap_servers)),
        metrics=metrics,
        limits=EngineLimits(
            mailbox_capacity=settings.mailbox_capacity,
            commit_batch_max=settings.commit_batch_max,
        ),
        copy=_copy_for(settings, ledger, outside),
        # Also where this moment's work leaves the broker be: it has them all the same.
        tickets_outlive_us=bool(settings.kafka.bootstrap_servers),
        on_messages=relay.ring if relay else None,
        onlookers=onlookers,
    )
    queue.on_handover = engine.mailbox.put_patiently
    if bus is not None:
        bus.on_handover, bus.on_refusal = engine.mailbox.put_patiently, engine.refused
    return engine


def _copy_for(
    settings: Settings, ledger: SqliteLedger, outside: Outside
) -> RecordCopy | DeferredCopy | None:
    if outside.copy is None and settings.mongodb.uri:
        return DeferredCopy(ledger.uncopied())
    return outside.copy


def now_text() -> str:
    """Return the present moment, ISO 8601, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_limits_of(settings: Settings) -> ReadLimits:
    """Return what a message may be."""
    return ReadLimits(
        plan_bytes_max=settings.plan.max_bytes, allow_direct_plans=settings.allow_direct_plans
    )
