"""Messages off the tickets topic, no faster than they are wanted, and how far they are done.

While there is no room the group must still hear from us: every second the partitions are paused
and polled. A consumer that breaks is replaced by a new one, to which its partitions are new.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from aiokafka import (  # type: ignore[import-untyped]
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
)
from aiokafka import errors as kafka

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.sdk.kafka_attempts import Place
from orchestrator_dynamic.sdk.kafka_connection import (
    TROUBLE,
    KafkaConnection,
    refuse_for_good,
    stop_consumer,
)
from orchestrator_dynamic.sdk.kafka_diagnosis import refuse_at_the_door
from orchestrator_dynamic.sdk.kafka_offsets import OffsetMark

# A poll returns at once when there is something; otherwise it says that we live.
POLL_MS = 1_000
# Joining a group waits for its other members, at most for a session.
START_DEADLINE_S = 60.0
POLL_DEADLINE_S = 60.0
COMMIT_DEADLINE_S = 5.0
STOP_DEADLINE_S = 3.0
_WAIT_FIRST_S, _WAIT_MAX_S = 0.2, 5.0

log = logging.getLogger(__name__)

Hear = Callable[[Any, Place], Awaitable[None]]


class TicketReceiver:
    """Hears the tickets topic as a member of a group. Run it with `run`.

    Args:
        hear: told of each message, with its place, which it marks as done sooner or later. Where
            it raises `Unavailable`, it is told again, and nothing else is heard before.
        room: how many more messages are wanted now.
        before_leaving: awaited before partitions are given away, to bring to an end what it can.
        after_leaving: told when partitions are another's.
        on_rest: told when nothing was taken for a second, with the next offset of each partition,
            and with nothing when messages are taken again.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        group_id: str,
        *,
        session_timeout_s: float,
        poll_interval_max_s: float,
        hear: Hear,
        room: Callable[[], int],
        before_leaving: Callable[[], Awaitable[None]],
        after_leaving: Callable[[], None],
        on_rest: Callable[[Mapping[Any, int]], None],
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._group_id = group_id
        self._session_timeout_ms = round(session_timeout_s * 1000)
        self._poll_interval_max_ms = round(poll_interval_max_s * 1000)
        self._hear = hear
        self._room = room
        self._before_leaving = before_leaving
        self._after_leaving = after_leaving
        self._on_rest = on_rest
        self._marks: dict[Any, OffsetMark] = {}
        self._unheard: deque[tuple[Place, Any]] = deque()
        self._consumer: Any = None
        self._committing = asyncio.Lock()
        self.room_made = asyncio.Event()
        self.trouble: BaseException | None = None
        self.started = asyncio.Event()

    async def run(self) -> None:
        """Receive until cancelled.

        Raises:
            BrokerRefused: no ticket will ever come.
        """
        wait_s = _WAIT_FIRST_S
        while True:
            consumer = self._new_consumer()
            try:
                async with asyncio.timeout(START_DEADLINE_S):
                    await consumer.start()
                self._consumer = consumer
                self.started.set()
                wait_s = _WAIT_FIRST_S
                await self._receive(consumer)
            except TROUBLE as error:
                self.trouble = error
                doing = f"taking tickets from {self._topic} as {self._group_id}, {self._connection}"
                await refuse_at_the_door(self._connection, error, doing)
                log.warning("taking from %s stopped, trying again: %r", self._topic, error)
            finally:
                await self._stop(consumer)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _WAIT_MAX_S)

    async def commit(self) -> None:
        """Tell the broker how far we are, where it does not know; what fails is told next time."""
        async with self._committing:
            news = {
                partition: (mark, offset)
                for partition, mark in self._marks.items()
                if (offset := mark.to_commit()) is not None
            }
            if not news or self._consumer is None:
                return
            try:
                async with asyncio.timeout(COMMIT_DEADLINE_S):
                    await self._consumer.commit({one: offset for one, (_, offset) in news.items()})
            except (kafka.CommitFailedError, kafka.IllegalStateError) as error:
                # The group has given our partitions to others: they do what we did not commit.
                log.info("offsets of %s are another's to commit: %s", self._topic, error)
            except TROUBLE as error:
                refuse_for_good(error, f"committing offsets of {self._topic} as {self._group_id}")
                log.warning("offsets of %s are not committed yet: %r", self._topic, error)
            else:
                for mark, offset in news.values():
                    mark.committed(offset)

    async def revoked(self) -> None:
        """Give up all partitions, after committing what is done."""
        try:
            if self._marks:
                await self._before_leaving()
                await self.commit()
        finally:
            self._forget()

    def _forget(self) -> None:
        for mark in self._marks.values():
            mark.live = False
        self._marks.clear()
        self._unheard.clear()
        self._on_rest({})
        self._after_leaving()

    def _new_consumer(self) -> Any:
        consumer = AIOKafkaConsumer(
            **self._connection.client_options(),
            group_id=self._group_id,
            enable_auto_commit=False,
            # A group that is new has missed nothing: what is too old is passed over one by one.
            auto_offset_reset="earliest",
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=self._session_timeout_ms // 4,
            max_poll_interval_ms=self._poll_interval_max_ms,
        )
        consumer.subscribe([self._topic], listener=_Listener(self))
        return consumer

    async def _receive(self, consumer: Any) -> None:
        while True:
            await self._hear_all(consumer)
            room = self._room()
            if room <= 0:
                await self._wait_for_room(consumer)
                continue
            self._on_rest({})
            async with asyncio.timeout(POLL_DEADLINE_S):
                batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=room)
            for partition, records in batches.items():
                mark = self._marks.setdefault(partition, OffsetMark())
                for record in records:
                    mark.deliver(record.offset)
                    self._unheard.append((Place(mark, record.offset), record))

    async def _hear_all(self, consumer: Any) -> None:
        wait_s = _WAIT_FIRST_S
        while self._unheard:
            place, record = self._unheard[0]
            try:
                await self._hear(record, place)
            except Unavailable as error:
                log.warning("messages of %s cannot be read yet: %s", self._topic, error)
                await self._rest(consumer, wait_s)
                wait_s = min(wait_s * 2, 1.0)
                continue
            wait_s = _WAIT_FIRST_S
            # Partitions may have gone while it was heard, and all that was unheard with them.
            if self._unheard and self._unheard[0][0] is place:
                self._unheard.popleft()
        # A topic full of what is not ours must not keep the loop from everybody else.
        await asyncio.sleep(0)

    async def _wait_for_room(self, consumer: Any) -> None:
        self.room_made.clear()
        try:
            async with asyncio.timeout(POLL_MS / 1000):
                await self.room_made.wait()
        except TimeoutError:
            self._on_rest({one: mark.next_offset for one, mark in self._marks.items()})
            await self._rest(consumer, 0)

    async def _rest(self, consumer: Any, wait_s: float) -> None:
        """Take nothing for a while, and let the group know that we live."""
        paused = consumer.assignment()
        consumer.pause(*paused)
        try:
            async with asyncio.timeout(POLL_DEADLINE_S):
                await consumer.getmany(timeout_ms=0)
            await asyncio.sleep(wait_s)
        finally:
            consumer.resume(*(paused & consumer.assignment()))

    async def _stop(self, consumer: Any) -> None:
        self._consumer = None
        self._forget()
        await stop_consumer(consumer, STOP_DEADLINE_S)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes on what the library says of partitions."""

    def __init__(self, receiver: TicketReceiver) -> None:
        self._receiver = receiver

    async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        await self._receiver.revoked()

    async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        log.info("%d partitions are ours now", len(assigned))
