"""What is done of each partition, committed in bulk and apart from the work."""

import asyncio
from collections.abc import Collection

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.record_source import Partition, RecordSource

log = get_logger(__name__)

# What a crash has us take again; a commit costs the broker a write to disk.
_PAUSE_S = 0.02
_AFTER_FAILURE_S = 1.0


class Offsets:
    """Offsets that are done and not committed yet. Taking them down needs no network."""

    def __init__(self, source: RecordSource, metrics: Metrics) -> None:
        self._source = source
        self._metrics = metrics
        self._done: dict[Partition, int] = {}
        self._under_way: dict[Partition, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self._news = asyncio.Event()

    def done(self, partition: Partition, next_offset: int) -> None:
        """Note that everything before `next_offset` is done."""
        self._done[partition] = next_offset
        self._news.set()

    def forget(self, partitions: Collection[Partition]) -> None:
        """Commit nothing more for these: they may be with a member that is further already."""
        for partition in partitions:
            self._done.pop(partition, None)
            self._under_way.pop(partition, None)

    async def commit(self) -> None:
        """Return once everything that was done when it was called is committed.

        Raises:
            Unavailable: it is kept for the next time.
            Misconfigured: the broker refuses us.
        """
        async with self._one_at_a_time:
            self._under_way, self._done = self._done, {}
            try:
                if self._under_way:
                    await self._source.commit(self._under_way)
            except BaseException:
                self._done = {**self._under_way, **self._done}
                raise
            finally:
                self._under_way = {}

    async def keep_committing(self) -> None:
        """Commit what is done soon after it is, until cancelled.

        Raises:
            Misconfigured: the broker refuses us.
        """
        failing = False
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.commit()
            except Unavailable as error:
                self._metrics.add("orchestration_kafka_errors_total", operation="commit")
                if not failing:
                    log.warning("commit_failed", problem=str(error))
                failing = True
                self._news.set()
                await asyncio.sleep(_AFTER_FAILURE_S)
            else:
                failing = False
                await asyncio.sleep(_PAUSE_S)
