"""When time alone will change something: one moment a ticket, the earliest first.

A ticket's present moment is `Ticket.due`; entries that no longer agree with it are dropped when
they come to the top. So setting a moment costs O(log tickets), and forgetting one costs nothing.
"""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from orchestrator_dynamic.core.ticket import Ticket


class DueQueue:
    """Tickets by the moment at which time changes something about them."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[tuple[int, int]] = []

    def set(self, ticket: Ticket, moment: int | None) -> None:
        """Make `moment` the one at which `ticket` comes up; None means never."""
        due = moment or 0
        if due != ticket.due:
            ticket.due = due
            if due:
                heappush(self._entries, (due, ticket.number))

    def earliest(self, tickets: Sequence[Ticket]) -> int | None:
        """Return the earliest moment at which one of `tickets` comes up, or None."""
        entries = self._entries
        while entries:
            due, number = entries[0]
            if tickets[number].due == due:
                return due
            heappop(entries)
        return None

    def take_until(self, at: int, tickets: Sequence[Ticket]) -> Iterator[Ticket]:
        """Yield the tickets that come up until `at`, the earliest first; their moment is used up.

        A ticket whose moment is set anew while this runs comes up again if that is due too.
        """
        while (due := self.earliest(tickets)) is not None and due <= at:
            ticket = tickets[heappop(self._entries)[1]]
            ticket.due = 0
            yield ticket
