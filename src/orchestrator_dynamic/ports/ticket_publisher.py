"""Handing tickets to whoever gives them to workers."""

from collections.abc import Sequence
from typing import Protocol

from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ticket_bus import Dispatch


class TicketPublisher(Protocol):
    """A bus that acknowledges: what it has taken, some worker will have."""

    async def publish(self, dispatches: Sequence[Dispatch]) -> None:
        """Return once the bus has taken responsibility for all of these, in this order.

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
