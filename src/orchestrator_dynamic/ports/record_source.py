"""Taking messages from a broker whose consumers share the partitions of its topics."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol


class Partition(NamedTuple):
    """A part of a topic, in which order is kept."""

    topic: str
    number: int

    def __str__(self) -> str:
        """Name it for people."""
        return f"{self.topic}[{self.number}]"


class Record(NamedTuple):
    """A message as the broker has it: any of these may be anything.

    Attributes:
        value: None is a tombstone.
        headers: a header that comes twice is told by its last value.
        at: when it was produced, epoch ms, as its producer or the broker says.
    """

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]
    at: int

    @property
    def source(self) -> str:
        """Where it came from, for people: `topic[partition]@offset`."""
        return f"{self.partition}@{self.offset}"


Partitions = Callable[[Collection[Partition]], Awaitable[None]]


class RecordSource(Protocol):
    """A member of a consumer group. Use it from one event loop.

    Raises:
        BrokerUnavailable: the broker cannot be reached now; every call may be repeated.
        Misconfigured: the broker refuses us, a topic does not exist, or another member has taken
            our place.
    """

    def on_change(self, gained: Partitions, losing: Partitions) -> None:
        """Have these called when partitions come, and before they go to another member.

        `losing` must return soon: the group waits for it. What it commits still counts.
        """
        ...

    async def poll(self, wait_s: float) -> Mapping[Partition, Sequence[Record]]:
        """Return what has arrived, waiting at most `wait_s`; each partition's in order.

        It must be called at least once a minute, also where all partitions are paused.
        """
        ...

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Say that everything before these offsets is done; lost partitions are left out."""
        ...

    def pause(self, partitions: Collection[Partition]) -> None:
        """Take nothing from these for now, and stay a member of the group."""
        ...

    def resume(self, partitions: Collection[Partition]) -> None:
        """Take from these again."""
        ...

    def lag(self) -> Mapping[str, int]:
        """Return how many records the broker holds for us by topic, as far as it is known."""
        ...
