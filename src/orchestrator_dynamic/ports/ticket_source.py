"""Where workers get their tickets from, whichever way leads to them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.ports.ticket_bus import Dispatch


class TicketSource(Protocol):
    """Hands tickets to workers, and tells them when one is wanted no more."""

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the best ticket that `profile` can execute, waiting until there is one."""
        ...

    async def take_some(self, profile: WorkerProfile, most: int) -> Sequence[Dispatch]:
        """Return the best tickets that `profile` can execute, waiting until there is one.

        Returns without suspending where there is one; cancelled, it has taken none.

        Args:
            most: how many at most, 1 or more; no more than there are is waited for.
        """
        ...

    def watch(self, ticket: ExecutionTicket, interrupt: Callable[[HeartbeatVerdict], None]) -> None:
        """Call `interrupt` once if this attempt is cancelled or superseded while watched."""
        ...

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """Watch this attempt no more."""
        ...
