"""The records of one partition that wait to be taken, in order."""

import asyncio
from collections import deque
from collections.abc import Sequence

from orchestrator_dynamic.consumers.taker import Taker
from orchestrator_dynamic.ports.record_source import Partition, Record


class Lane:
    """A partition while it is ours; when it is lost its lane ends, and never begins again.

    Attributes:
        work: the task that takes from it, once there is one.
        busy: whether so much waits that nothing more should come.
        held_back: why nothing can be taken from it now; None where something can.
    """

    def __init__(self, partition: Partition, taker: Taker) -> None:
        self.partition = partition
        self.taker = taker
        self.work: asyncio.Task[None] | None = None
        self.busy = False
        self.held_back: str | None = None
        self._waiting: deque[Record] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._closed = asyncio.Event()

    @property
    def paused(self) -> bool:
        """Whether nothing should be fetched for it."""
        return self.busy or self.held_back is not None

    @property
    def closed(self) -> bool:
        """Whether what is in hand is the last."""
        return self._closed.is_set()

    def put(self, records: Sequence[Record]) -> None:
        """Add records behind those that wait; once it is closed they are somebody else's."""
        if not self.closed:
            self._waiting.extend(records)
            self._bytes += sum(map(_size, records))
            self._news.set()

    def fuller_than(self, records: int, size: int) -> bool:
        """Tell whether more than so many records, or bytes, wait."""
        return len(self._waiting) > records or self._bytes > size

    async def next_batch(self, records_max: int) -> Sequence[Record]:
        """Return the records that are first in line, none once the lane is closed."""
        while not self._waiting and not self.closed:
            self._news.clear()
            await self._news.wait()
        batch = [self._waiting.popleft() for _ in range(min(records_max, len(self._waiting)))]
        self._bytes -= sum(map(_size, batch))
        return batch

    def close(self) -> None:
        """Give up what waits; what is in hand may be finished."""
        self._waiting.clear()
        self._bytes = 0
        self._closed.set()
        self._news.set()

    async def wait_until_closed(self, seconds: float) -> None:
        """Return after `seconds`, or as soon as the lane is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return


def _size(record: Record) -> int:
    return len(record.value or b"")
