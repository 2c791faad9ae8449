"""Tickets that may be released, in the order of the scheduling policy.

The order itself is `scheduling.order_key`; this is only the heap that keeps it. A ticket whose
score changes is added again, and entries that no longer agree with their ticket are dropped.
"""

from collections.abc import Sequence
from heapq import heappop, heappush

from orchestrator_dynamic.core.ticket import Stage, Ticket

OrderKey = tuple[float, int, int, int]


class ReadyQueue:
    """Ready tickets, first to go first."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[OrderKey] = []

    def add(self, key: OrderKey) -> None:
        """Add the ticket that is the last part of `key`."""
        heappush(self._entries, key)

    def take(self, tickets: Sequence[Ticket]) -> Ticket | None:
        """Return the first of the ready `tickets`, or None; it leaves the queue."""
        while self._entries:
            score, _, ready_at, number = heappop(self._entries)
            ticket = tickets[number]
            current = ticket.stage is Stage.READY and ticket.ready_at == ready_at
            if current and ticket.score == -score:
                return ticket
        return None
