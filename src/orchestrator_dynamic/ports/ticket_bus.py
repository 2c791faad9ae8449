"""How tickets leave."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId


class Dispatch(NamedTuple):
    """A ticket on its way, with the key by which the best is taken first."""

    order: tuple[float, int, int]
    attempt: int
    ticket: ExecutionTicket


class Handover(NamedTuple):
    """The bus says: this attempt has been taken over, at this moment (epoch ms)."""

    ticket_id: TicketId
    attempt: int
    at: int
    agent: str | None


class TicketBus(Protocol):
    """Takes tickets, and tells by a `Handover` when each has been taken over.

    A broker takes a ticket over when it has acknowledged it, the queue inside the process
    when a worker takes it.
    """

    def publish(self, dispatches: Sequence[Dispatch]) -> None:
        """Take these tickets, to be handed over soon; a repeat of a queued attempt is dropped."""
        ...

    def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """Tell whoever works on these attempts to stop, and return those that nobody will answer.

        Those are the tickets that were still queued here; they are queued no more.

        Args:
            dispatches: as a worker may be shown them: not PENDING, `metadata.cancel_requested` set.
        """
        ...

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """This attempt is over; whoever still works on it is told so."""
        ...
