"""A broker in lists: topics whose partitions can be lost, and calls that can be made to fail."""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence

from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.ports.record_source import Partition, Partitions, Record

NOON = 1_767_268_800_000


class ListedRecords:
    """A `RecordSource` that keeps its records in lists, and commits in a dict.

    Attributes:
        committed: what a new member would begin from.
        paused: partitions that give nothing now.
        polls: how often it was polled.
        poll_faults, commit_faults: raised by the next calls, one each.
    """

    def __init__(self, *partitions: Partition) -> None:
        """Begin as the only member, with these partitions, which are empty."""
        self.committed: dict[Partition, int] = {}
        self.paused: set[Partition] = set()
        self.polls = 0
        self.poll_faults: deque[OrchestratorError] = deque()
        self.commit_faults: deque[OrchestratorError] = deque()
        self._records: dict[Partition, list[Record]] = {part: [] for part in partitions}
        self._positions = dict.fromkeys(partitions, 0)
        self._arrival = asyncio.Event()
        self._gained: Partitions = _nobody
        self._losing: Partitions = _nobody

    def add(self, partition: Partition, *values: bytes | None, **headers: bytes) -> None:
        """Append a record for each of `values`."""
        log = self._records[partition]
        for value in values:
            log.append(Record(partition, len(log), b"key", value, headers, NOON))
        self._arrival.set()

    async def lose(self, *partitions: Partition) -> None:
        """Give these to another member, as a rebalance does."""
        await self._losing(partitions)
        for partition in partitions:
            del self._positions[partition]
            self.paused.discard(partition)

    async def gain(self, *partitions: Partition) -> None:
        """Take these over from whoever had them, at what is committed."""
        for partition in partitions:
            self._positions[partition] = self.committed.get(partition, 0)
        self._arrival.set()
        await self._gained(partitions)

    def on_change(self, gained: Partitions, losing: Partitions) -> None:
        """As the port says."""
        self._gained, self._losing = gained, losing

    async def poll(self, wait_s: float) -> Mapping[Partition, Sequence[Record]]:
        """As the port says."""
        self.polls += 1
        # Every broker takes a moment, in which others work.
        await asyncio.sleep(0)
        if self.poll_faults:
            raise self.poll_faults.popleft()
        if not self._ready():
            self._arrival.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._arrival.wait()
            except TimeoutError:
                return {}
        arrived = self._ready()
        for partition in arrived:
            self._positions[partition] = len(self._records[partition])
        return arrived

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """As the port says."""
        await asyncio.sleep(0)
        if self.commit_faults:
            raise self.commit_faults.popleft()
        ours = {part: offset for part, offset in offsets.items() if part in self._positions}
        self.committed.update(ours)

    def pause(self, partitions: Collection[Partition]) -> None:
        """As the port says."""
        self.paused.update(part for part in partitions if part in self._positions)

    def resume(self, partitions: Collection[Partition]) -> None:
        """As the port says."""
        self.paused.difference_update(partitions)
        self._arrival.set()

    def lag(self) -> Mapping[str, int]:
        """As the port says."""
        behind: dict[str, int] = {}
        for part in self._positions:
            left = len(self._records[part]) - self.committed.get(part, 0)
            behind[part.topic] = behind.get(part.topic, 0) + left
        return behind

    def _ready(self) -> dict[Partition, Sequence[Record]]:
        return {
            partition: self._records[partition][position:]
            for partition, position in self._positions.items()
            if partition not in self.paused and position < len(self._records[partition])
        }


async def _nobody(partitions: Collection[Partition]) -> None:
    """Nobody has asked to be told."""
