"""Records off topics, as a member of a group that never leaves it because work is slow."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition  # type: ignore[import-untyped]
from aiokafka.abc import ConsumerRebalanceListener  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    CommitFailedError,
    CorruptRecordException,
    IllegalStateError,
    KafkaError,
)

from orchestrator_dynamic.adapters.kafka.closing import stop_consumer
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions, client_arguments
from orchestrator_dynamic.adapters.kafka.failures import translated, unreachable
from orchestrator_dynamic.adapters.kafka.tolerant_reading import read_batch
from orchestrator_dynamic.adapters.kafka.topics import missing_topics
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable
from orchestrator_dynamic.ports.record_source import Partition, Partitions, Record
from orchestrator_dynamic.ports.standing import Standing

_OPEN_S = 15.0
_COMMIT_S = 10.0
_CLOSE_S = 5.0

# How long the group waits for a member that finishes what it has in hand. It must stay below
# the time-out of a request, for joining is one.
_REBALANCE_MS = 15_000

# A library that fails so often in a row does not recover by itself; a new one may.
_FAILURES_MAX = 3

# Two members with one instance id throw each other out at each heartbeat; nothing else does.
_CONTESTED_TIMES = 4
_CONTESTED_S = 60.0


class KafkaRecordSource:
    """A `RecordSource`; open it as a context. It connects at the first poll, and again after loss.

    A member with an instance id keeps its partitions while it restarts within its session. One
    without gives them up when it closes.
    """

    def __init__(
        self,
        options: KafkaOptions,
        *,
        group: str,
        topics: Collection[str],
        instance_id: str | None = None,
        session_s: float = 10.0,
        records_max: int = 500,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            instance_id: unlike that of any other member; None for a member like any other.
            session_s: how long the group waits for a member that has died.
            records_max: that one poll returns.
        """
        # Apart: a poll that brings nothing is no answer, and must not hide that commits fail.
        self.standings = self._polling, self._committing = Standing(), Standing()
        self._options = options
        self._group = group
        self._topics = sorted(topics)
        self._instance_id = instance_id
        self._session_s = session_s
        self._records_max = records_max
        self._consumer: AIOKafkaConsumer | None = None
        self._failures = 0
        self._done: dict[Partition, int] = {}
        self._next: dict[Partition, int] = {}
        self._thrown_out_at: list[float] = []
        self._gained: Partitions = _nobody
        self._losing: Partitions = _nobody

    async def __aenter__(self) -> Self:
        """Return the source."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close within seconds; what was not committed is given to somebody again."""
        await self._close()

    def on_change(self, gained: Partitions, losing: Partitions) -> None:
        """As the port says. All partitions are lost and gained anew whenever the group changes."""
        self._gained, self._losing = gained, losing

    async def poll(self, wait_s: float) -> Mapping[Partition, Sequence[Record]]:
        """As the port says."""
        with self._polling.asking():
            return await self._poll(wait_s)

    async def _poll(self, wait_s: float) -> Mapping[Partition, Sequence[Record]]:
        consumer = self._consumer or await self._open()
        self._refuse_contest()
        try:
            # The library waits for the end of a rebalance without an end of its own.
            async with asyncio.timeout(wait_s + 0.5):
                found = await consumer.getmany(
                    timeout_ms=int(wait_s * 1000), max_records=self._records_max
                )
        except TimeoutError:
            return {}
        except UnicodeDecodeError:
            return await self._batch_by_batch(consumer)
        except (KafkaError, OSError) as error:
            await self._after_failure(error)
            raise translated(error, f"reading {', '.join(self._topics)}") from error
        self._failures = 0
        return {_partition(place): self._taken(place, rows) for place, rows in found.items()}

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """As the port says."""
        consumer = self._consumer
        if consumer is None:
            return
        ours = consumer.assignment()
        wanted = {_place(part): offset for part, offset in offsets.items() if _place(part) in ours}
        if not wanted:
            return
        with self._committing.asking():
            await self._commit(consumer, wanted)

    async def _commit(
        self, consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, int]
    ) -> None:
        doing = f"committing offsets of {self._group}"
        try:
            async with asyncio.timeout(_COMMIT_S):
                await consumer.commit(wanted)
        except (CommitFailedError, IllegalStateError):
            # The group has moved on; whoever has the partitions now takes these records again.
            return
        except TimeoutError as error:
            raise BrokerUnavailable(f"{doing}: no answer within {_COMMIT_S:g} s") from error
        except (KafkaError, OSError) as error:
            raise translated(error, doing) from error
        self._done.update({_partition(place): offset for place, offset in wanted.items()})

    def pause(self, partitions: Collection[Partition]) -> None:
        """As the port says."""
        if self._consumer is not None:
            self._consumer.pause(*self._assigned(partitions))

    def resume(self, partitions: Collection[Partition]) -> None:
        """As the port says."""
        if self._consumer is not None:
            self._consumer.resume(*self._assigned(partitions))

    def lag(self) -> Mapping[str, int]:
        """As the port says: what is not committed, as of the last answer of the brokers."""
        behind = dict.fromkeys(self._topics, 0)
        if self._consumer is None:
            return behind
        for place in self._consumer.assignment():
            end = self._consumer.highwater(place)
            done = self._done.get(_partition(place))
            if end is not None and done is not None:
                behind[place.topic] += max(0, end - done)
        return behind

    async def _open(self) -> AIOKafkaConsumer:
        doing = f"joining {self._group}"
        if missing := await missing_topics(self._options, self._topics):
            raise Misconfigured(f"{doing}: there is no topic {', '.join(missing)}")
        consumer = AIOKafkaConsumer(
            group_id=self._group,
            group_instance_id=self._instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(self._session_s * 1000),
            heartbeat_interval_ms=int(self._session_s * 1000 / 5),
            rebalance_timeout_ms=_REBALANCE_MS,
            fetch_max_wait_ms=250,
            **client_arguments(self._options),
        )
        try:
            async with asyncio.timeout(_OPEN_S):
                await consumer.start()
        except (KafkaError, OSError) as error:
            await stop_consumer(consumer, _CLOSE_S)
            raise await unreachable(self._options, error, doing) from error
        except BaseException:
            await stop_consumer(consumer, _CLOSE_S)
            raise
        consumer.subscribe(topics=self._topics, listener=_Listener(self))
        self._consumer, self._failures = consumer, 0
        return consumer

    async def _after_failure(self, error: Exception) -> None:
        self._failures += 1
        # The library does not know the error for a static member that was replaced, number 82.
        if self._instance_id is not None and "UnknownError" in str(error):
            self._thrown_out_at.append(monotonic())
        # A batch that is damaged may have cost us others that were fetched along with it: a new
        # member begins where we have committed.
        if self._failures >= _FAILURES_MAX or isinstance(error, CorruptRecordException):
            await self._close()

    async def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            held = {_partition(place) for place in consumer.assignment()}
            await stop_consumer(consumer, _CLOSE_S)
            self._done.clear()
            self._next.clear()
            await self._losing(held)

    async def _batch_by_batch(
        self, consumer: AIOKafkaConsumer
    ) -> Mapping[Partition, Sequence[Record]]:
        """Return the next batch of each partition, after the library has failed on one of them.

        It has then moved past records that it did not give us, so that each partition is put to
        where we are.
        """
        found = dict[Partition, Sequence[Record]]()
        for place in consumer.assignment() - consumer.paused():
            partition = _partition(place)
            try:
                async with asyncio.timeout(_COMMIT_S):
                    at = self._next.get(partition)
                    if at is None:
                        oldest = await consumer.beginning_offsets([place])
                        at = await consumer.committed(place) or oldest[place]
                    rows, behind = await read_batch(consumer, place, at)
                consumer.seek(place, behind)
            except (KafkaError, OSError, TimeoutError) as error:
                raise translated(error, f"reading {partition}") from error
            if rows:
                found[partition] = self._taken(place, rows)
            self._next[partition] = behind
        return found

    def _taken(self, place: TopicPartition, rows: Sequence[Any]) -> Sequence[Record]:
        partition = _partition(place)
        self._done.setdefault(partition, rows[0].offset)
        self._next[partition] = rows[-1].offset + 1
        return [_record(partition, row) for row in rows]

    def _assigned(self, partitions: Collection[Partition]) -> Sequence[TopicPartition]:
        ours = self._consumer.assignment() if self._consumer is not None else frozenset()
        return [place for place in map(_place, partitions) if place in ours]

    def _refuse_contest(self) -> None:
        since = monotonic() - _CONTESTED_S
        self._thrown_out_at = [at for at in self._thrown_out_at if at > since]
        if len(self._thrown_out_at) >= _CONTESTED_TIMES:
            self._thrown_out_at.clear()
            problem = f"another member of {self._group} has the instance id {self._instance_id}"
            raise Misconfigured(f"{problem}; give each process one of its own")

    async def _revoked(self, places: Collection[TopicPartition]) -> None:
        held: Any = self._consumer
        # The library forgets its name when the group does not know it any more.
        if self._instance_id is not None and places and not held._coordinator.member_id:
            self._thrown_out_at.append(monotonic())
        if places:
            await self._losing({_partition(place) for place in places})
        self._done.clear()
        self._next.clear()

    async def _assigned_now(self, places: Collection[TopicPartition]) -> None:
        await self._gained({_partition(place) for place in places})


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells the source of changes."""

    def __init__(self, source: KafkaRecordSource) -> None:
        self._source = source

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._source._revoked(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._source._assigned_now(assigned)


def _record(partition: Partition, row: "ConsumerRecord[Any, Any]") -> Record:
    headers = {name: value or b"" for name, value in row.headers}
    return Record(partition, row.offset, row.key, row.value, headers, max(0, row.timestamp))


def _partition(place: TopicPartition) -> Partition:
    return Partition(place.topic, place.partition)


def _place(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)


async def _nobody(partitions: Collection[Partition]) -> None:
    """Nobody has asked to be told."""
