"""Handing tickets to whoever gives them to workers."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ticket_bus import Dispatch


class Refusal(NamedTuple):
    """An attempt that the bus will never take, and why, for people."""

    ticket_id: TicketId
    attempt: int
    why: str


class TicketPublisher(Protocol):
    """A bus that acknowledges: what it has taken, some worker will have."""

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """Return once the bus has taken responsibility for these, the best of them first.

        Returns:
            Those that it will never take, whatever is done: they have failed for good.

        Raises:
            Unavailable: try again; some of them may have gone out, under the same id and attempt.
            Misconfigured: the bus refuses us.
        """
        ...

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """Tell whoever works on these attempts to stop, and return those that nobody will answer.

        Args:
            dispatches: as `TicketBus.cancel` wants them.

        Raises:
            Unavailable: try again.
        """
        ...

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """This attempt is over; whoever is known to work on it still is told so."""
        ...
