"""What is done with the records of a topic; each docstring is the contract."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.ports.record_source import Record


class Stream(StrEnum):
    """What a topic carries, as metrics call it."""

    DECISIONS = "decisions"
    RESULTS = "results"
    APPROVALS = "approvals"


class Taker(Protocol):
    """Takes records of one topic; several partitions at the same time, each in order."""

    @property
    def topic(self) -> str:
        """The topic that it takes from."""
        ...

    @property
    def stream(self) -> Stream:
        """What that topic carries."""
        ...

    async def take(self, records: Sequence[Record]) -> int:
        """Return how many of `records` are done, from the first on: what became of them is durable.

        At least one is, or it raises. Those that are not done are handed over again, as are all
        where it raised: taking a record twice must equal taking it once.

        Raises:
            Unavailable: nothing is known of the first of them; hand them over again.
            Misconfigured: a person must do something first.
        """
        ...

    async def put_aside(self, record: Record, why: InvalidInput) -> None:
        """Return once `record` is a dead letter.

        Raises:
            Unavailable: try again.
        """
        ...
