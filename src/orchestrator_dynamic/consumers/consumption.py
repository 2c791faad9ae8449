"""The loop that all topics share: poll, take in order, commit what is durable.

Each partition has a lane with a worker of its own, so that partitions go on side by side and
records of one stay in order. Polling never waits for the work: a lane that is full, or whose
records cannot be taken now, is paused, and the group sees a member that is well. An offset is
committed only after its taker has returned. When partitions are lost, what is in hand may be
finished within a bound and is committed; the rest is somebody else's.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from orchestrator_dynamic.consumers.dead_letters import TooManyDeadLetters
from orchestrator_dynamic.consumers.lane import Lane
from orchestrator_dynamic.consumers.offsets import Offsets
from orchestrator_dynamic.consumers.reading import unprocessable
from orchestrator_dynamic.consumers.taker import Taker
from orchestrator_dynamic.errors import InvariantViolation, Misconfigured, Unavailable
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.record_source import Partition, Record, RecordSource
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable

log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumptionLimits:
    """How much is taken at once, and how long things may take.

    Attributes:
        batch_max: records that a taker is handed at a time.
        lane_records_max, lane_bytes_max: that wait in a partition before it is paused.
        poll_s: how long a poll waits for records.
        waits_s: before what failed is tried again; the last is repeated. Three quick ones outlive
            a hiccup; the others are short enough that work goes on soon after an outage.
        losing_s: how long what is in hand may take while the group waits for us.
        stop_s: the same, when we stop.
    """

    batch_max: int = 200
    lane_records_max: int = 1_000
    lane_bytes_max: int = 16 * 1024 * 1024
    poll_s: float = 0.5
    waits_s: tuple[float, ...] = (0.05, 0.1, 0.2, 1.0, 2.0, 4.0, 5.0)
    losing_s: float = 5.0
    stop_s: float = 10.0


class Consumption:
    """Takes what arrives on the topics of its takers. The source is opened and closed by others."""

    def __init__(
        self,
        source: RecordSource,
        takers: Sequence[Taker],
        metrics: Metrics,
        limits: ConsumptionLimits | None = None,
    ) -> None:
        self._source = source
        self._takers = {taker.topic: taker for taker in takers}
        self._metrics = metrics
        self._limits = limits or ConsumptionLimits()
        self._offsets = Offsets(source, metrics)
        self._lanes: dict[Partition, Lane] = {}
        self._stopping = asyncio.Event()
        source.on_change(self._gained, self._losing)
        metrics.before_fetch(self._refresh_gauges)

    async def run(self) -> None:
        """Consume until stopped; returns once what was in hand is done and committed.

        Raises:
            Misconfigured: the broker or the registry refuses us; nothing is consumed any more.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                polling = tasks.create_task(self._keep_polling(tasks))
                committing = tasks.create_task(self._offsets.keep_committing())
                await self._stopping.wait()
                polling.cancel()
                await self._let_go(list(self._lanes), self._limits.stop_s)
                committing.cancel()
        except ExceptionGroup as several:
            raise _first_in(several) from several

    def stop(self) -> None:
        """Let `run` return soon: within `stop_s`, and a moment for the last commit."""
        self._stopping.set()

    async def _keep_polling(self, tasks: asyncio.TaskGroup) -> None:
        waits: Iterator[float] | None = None
        while True:
            try:
                arrived = await self._source.poll(self._limits.poll_s)
            except Unavailable as error:
                self._metrics.add("orchestration_kafka_errors_total", operation="consume")
                if waits is None:
                    log.warning("polling_failed", problem=str(error))
                waits = waits or self._waits()
                await asyncio.sleep(next(waits))
                continue
            if waits is not None:
                log.info("polling_resumed")
                waits = None
            for partition, records in arrived.items():
                self._put(partition, records, tasks)

    def _put(
        self, partition: Partition, records: Sequence[Record], tasks: asyncio.TaskGroup
    ) -> None:
        lane = self._lanes.get(partition)
        if lane is None:
            taker = self._takers.get(partition.topic)
            if taker is None:
                raise InvariantViolation(f"nobody takes from {partition.topic}")
            lane = self._lanes[partition] = Lane(partition, taker)
            lane.work = tasks.create_task(self._work(lane))
        lane.put(records)
        self._metrics.add(
            "orchestration_kafka_messages_consumed_total", len(records), stream=lane.taker.stream
        )
        limits = self._limits
        if not lane.busy and lane.fuller_than(limits.lane_records_max, limits.lane_bytes_max):
            lane.busy = True
            self._source.pause([partition])

    async def _work(self, lane: Lane) -> None:
        limits = self._limits
        while records := await lane.next_batch(limits.batch_max):
            half = (limits.lane_records_max // 2, limits.lane_bytes_max // 2)
            if lane.busy and not lane.fuller_than(*half):
                lane.busy = False
                self._resume(lane)
            await self._take(lane, records)

    async def _take(self, lane: Lane, records: Sequence[Record]) -> None:
        """Have all of `records` taken, however often that must be tried, until the lane closes."""
        waits, at_a_time = self._waits(), len(records)
        while records:
            try:
                done, at_a_time = await self._take_some(lane, records[:at_a_time], at_a_time)
            except Unavailable as error:
                self._hold_back(lane, error)
                await lane.wait_until_closed(next(waits))
                if lane.closed:
                    return
                continue
            if lane.held_back is not None:
                log.info("records_taken_again", partition=str(lane.partition))
                lane.held_back = None
                self._resume(lane)
            waits = self._waits()
            if done:
                self._offsets.done(lane.partition, records[done - 1].offset + 1)
            records = records[done:]

    async def _take_some(
        self, lane: Lane, records: Sequence[Record], at_a_time: int
    ) -> tuple[int, int]:
        """Return how many are done, and how many to hand over next.

        What nobody foresaw must not stop a topic: the records are taken one by one, and the one
        that is at fault is put aside.
        """
        try:
            return await lane.taker.take(records), at_a_time
        except (Unavailable, Misconfigured):
            raise
        except Exception as error:
            if len(records) > 1:
                return 0, 1
            log.exception("record_unprocessable", source=records[0].source)
            await lane.taker.put_aside(records[0], unprocessable(error))
            return 1, at_a_time

    def _hold_back(self, lane: Lane, error: Unavailable) -> None:
        if isinstance(error, RegistryUnavailable):
            self._metrics.add("orchestration_kafka_errors_total", operation="schema")
        reason = "dead_letters" if isinstance(error, TooManyDeadLetters) else "unavailable"
        if lane.held_back == reason or lane.closed:
            return
        # A person must look at the one; the other passes by itself.
        tell = log.error if reason == "dead_letters" else log.warning
        tell("records_held_back", partition=str(lane.partition), problem=str(error))
        lane.held_back = reason
        self._source.pause([lane.partition])

    def _resume(self, lane: Lane) -> None:
        if not lane.paused and not lane.closed:
            self._source.resume([lane.partition])

    async def _gained(self, partitions: Collection[Partition]) -> None:
        log.info("partitions_gained", partitions=sorted(map(str, partitions)))

    async def _losing(self, partitions: Collection[Partition]) -> None:
        log.info("partitions_lost", partitions=sorted(map(str, partitions)))
        await self._let_go(partitions, self._limits.losing_s)

    async def _let_go(self, partitions: Collection[Partition], within_s: float) -> None:
        """Finish what is in hand of these, or give it up; commit, and know them no more."""
        lanes = [self._lanes.pop(part) for part in partitions if part in self._lanes]
        for lane in lanes:
            lane.close()
        works = [lane.work for lane in lanes if lane.work is not None]
        if works:
            _, unfinished = await asyncio.wait(works, timeout=within_s)
            for work in unfinished:
                # It must not go on beside whoever takes the same records next.
                work.cancel()
            if unfinished:
                await asyncio.wait(unfinished, timeout=within_s)
        try:
            async with asyncio.timeout(within_s):
                await self._offsets.commit()
        except (TimeoutError, Unavailable, Misconfigured) as error:
            # Whoever comes next takes these records again, which does no harm.
            self._metrics.add("orchestration_kafka_errors_total", operation="commit")
            log.warning("last_commit_failed", problem=str(error))
        self._offsets.forget(partitions)

    def _waits(self) -> Iterator[float]:
        waits = self._limits.waits_s
        return chain(waits, repeat(waits[-1]))

    def _refresh_gauges(self) -> None:
        lag = self._source.lag()
        for topic, taker in self._takers.items():
            stream = taker.stream
            behind = lag.get(topic, 0)
            self._metrics.set("orchestration_kafka_consumer_lag", behind, stream=stream)
            reasons = {lane.held_back for part, lane in self._lanes.items() if part.topic == topic}
            state = 2 if "dead_letters" in reasons else 1 if "unavailable" in reasons else 0
            self._metrics.set("orchestration_breaker_state", state, service=f"{stream}_intake")


def _first_in(group: ExceptionGroup[Exception]) -> Exception:
    """Return one of several failures: a person mends one at a time."""
    first = group.exceptions[0]
    return _first_in(first) if isinstance(first, ExceptionGroup) else first
