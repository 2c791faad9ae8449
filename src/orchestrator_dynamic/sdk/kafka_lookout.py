"""Looks ahead on the tickets topic while its group takes nothing.

A worker whose queue is full reads no further, perhaps for an hour; the word that its ticket is
cancelled stands behind the tickets that it has no room for. So a second consumer, of no group,
reads on from where the first one stopped, keeps nothing, and passes on what makes work useless.
It reads each message once, and none where work is quick.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.sdk.kafka_connection import (
    TROUBLE,
    KafkaConnection,
    refuse_for_good,
    stop_consumer,
)

START_DEADLINE_S = 20.0
STOP_DEADLINE_S = 3.0
POLL_MS = 500
# Between two glances others have their turn.
RECORDS_AT_ONCE = 100
# A connection that is not needed for so long is closed.
IDLE_S = 60.0
_WAIT_S = 2.0

log = logging.getLogger(__name__)


class Lookout:
    """Looks ahead. Run it with `run`.

    Args:
        look: told of each message; where it raises `Unavailable`, it is told again.
    """

    def __init__(
        self, connection: KafkaConnection, topic: str, look: Callable[[Any], Awaitable[None]]
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._look = look
        self._from: Mapping[Any, int] = {}
        self._seen_to: dict[Any, int] = {}
        self._wanted = asyncio.Event()

    def look_from(self, positions: Mapping[Any, int]) -> None:
        """Look ahead of `positions`, the next offset of each partition, until told otherwise."""
        self._from = positions
        if positions:
            self._wanted.set()
        else:
            self._wanted.clear()

    async def run(self) -> None:
        """Look ahead whenever that is wanted, until cancelled.

        Raises:
            BrokerRefused: we may not read the topic.
        """
        while True:
            await self._wanted.wait()
            consumer = AIOKafkaConsumer(**self._connection.client_options(), group_id=None)
            try:
                async with asyncio.timeout(START_DEADLINE_S):
                    await consumer.start()
                await self._look_ahead(consumer)
            except (*TROUBLE, Unavailable) as error:
                refuse_for_good(error, f"looking ahead on {self._topic}, {self._connection}")
                log.info("looking ahead on %s stopped for now: %r", self._topic, error)
                await asyncio.sleep(_WAIT_S)
            finally:
                await stop_consumer(consumer, STOP_DEADLINE_S)

    async def _look_ahead(self, consumer: Any) -> None:
        while await self._still_wanted():
            self._place(consumer)
            async with asyncio.timeout(START_DEADLINE_S):
                batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
            for partition, records in batches.items():
                for record in records:
                    await self._look(record)
                    self._seen_to[partition] = record.offset + 1
            await asyncio.sleep(0)

    async def _still_wanted(self) -> bool:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._wanted.wait()
        except TimeoutError:
            self._seen_to.clear()
            return False
        return True

    def _place(self, consumer: Any) -> None:
        """Let `consumer` go on from where the group is, or from where it has been itself."""
        wanted = dict(self._from)
        changed = consumer.assignment() != set(wanted)
        if changed:
            consumer.assign(list(wanted))
        for partition, offset in wanted.items():
            seen_to = self._seen_to.get(partition, 0)
            if changed or seen_to < offset:
                self._seen_to[partition] = max(seen_to, offset)
                consumer.seek(partition, self._seen_to[partition])
