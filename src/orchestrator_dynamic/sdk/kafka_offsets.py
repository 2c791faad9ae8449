"""How far a partition has been dealt with: everything below the mark is done.

Tickets end in any order, and Kafka remembers one number per partition. So the mark follows the
oldest ticket that is still open; what is done above it would be delivered again after a crash.
"""


class OffsetMark:
    """The low-water mark of one partition, for as long as the partition is ours.

    Attributes:
        live: whether the partition is still ours; offsets of another's are not ours to commit.
    """

    __slots__ = ("_committed", "_next", "_open", "live")

    def __init__(self) -> None:
        self.live = True
        self._open: set[int] = set()
        self._next: int | None = None
        self._committed: int | None = None

    def deliver(self, offset: int) -> None:
        """Note that the message at `offset` has come; offsets come in rising order."""
        if self._committed is None:
            self._committed = offset
        self._open.add(offset)
        self._next = offset + 1

    def done(self, offset: int) -> None:
        """Note that nothing is to be done any more about the message at `offset`."""
        self._open.discard(offset)

    def to_commit(self) -> int | None:
        """Return the offset from which to go on after a crash; None where that is known already."""
        low = min(self._open, default=self._next)
        return None if low == self._committed else low

    def committed(self, offset: int) -> None:
        """Note that the broker knows of `offset`."""
        self._committed = offset

    @property
    def next_offset(self) -> int:
        """Where the next message is looked for; 0 where none has come."""
        return self._next or 0
