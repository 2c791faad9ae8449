"""Tickets for workers of this process, where a server keeps the plan's workflow."""

from collections.abc import Sequence

from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ticket_bus import Dispatch, TicketBus
from orchestrator_dynamic.ports.ticket_publisher import Refusal


class QueuedTickets:
    """A `TicketPublisher` over a queue in memory: what is queued counts as taken.

    The queue goes with its process, so that whoever starts again must tell the plans.
    """

    def __init__(self, queue: TicketBus) -> None:
        self._queue = queue

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """As the port says."""
        self._queue.publish(dispatches)
        return ()

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says."""
        return self._queue.cancel(dispatches)

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""
        self._queue.forget(ticket_id, attempt)
