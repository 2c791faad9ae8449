"""Takers that say what they were given, and that can be slow, fail, or be hurt by a record."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from orchestrator_dynamic.consumers.consumption import Consumption, ConsumptionLimits
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import InvalidInput, OrchestratorError
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.record_source import Record, RecordSource

PATIENCE_S = 10.0

# No test waits for a back-off: what is tried again is tried at once.
QUICK = ConsumptionLimits(poll_s=0.05, waits_s=(0.0,), losing_s=1.0, stop_s=1.0)


class ListingTaker:
    """A `Taker` that keeps what it has taken.

    Attributes:
        taken: values, in the order in which they were done.
        given: the first value and the number of records of each batch that it was handed.
        aside: values and reasons of what was put aside.
        faults: raised by the next calls of `take`, one each.
        open: while it is not set, nothing is done.
    """

    def __init__(self, topic: str = "results", stream: Stream = Stream.RESULTS) -> None:
        self.topic = topic
        self.stream = stream
        self.taken: list[bytes | None] = []
        self.given: list[tuple[bytes | None, int]] = []
        self.aside: list[tuple[bytes | None, str]] = []
        self.faults: list[OrchestratorError] = []
        self.open = asyncio.Event()
        self.open.set()

    async def take(self, records: Sequence[Record]) -> int:
        """As the port says; a record whose value is `bad` has us fail as nobody foresaw."""
        self.given.append((records[0].value, len(records)))
        await self.open.wait()
        if self.faults:
            raise self.faults.pop(0)
        if any(record.value == b"bad" for record in records):
            raise ZeroDivisionError
        self.taken += [record.value for record in records]
        return len(records)

    async def put_aside(self, record: Record, why: InvalidInput) -> None:
        """As the port says."""
        self.aside.append((record.value, why.reason))


@asynccontextmanager
async def consuming(
    source: RecordSource,
    *takers: ListingTaker,
    metrics: Metrics | None = None,
    limits: ConsumptionLimits = QUICK,
) -> AsyncIterator[Consumption]:
    """Consume until the end of the context, and then stop in order."""
    consumption = Consumption(source, takers, metrics or Metrics(), limits)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(consumption.run())
        try:
            yield consumption
        except BaseException:
            running.cancel()
            raise
        consumption.stop()


async def until(holds: Callable[[], bool]) -> None:
    """Return once `holds` does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for is state, which sets no event.
            await asyncio.sleep(0)
