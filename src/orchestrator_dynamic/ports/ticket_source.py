"""Where workers of the same process get their tickets from."""

from collections.abc import Callable
from typing import Protocol

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile


class TicketSource(Protocol):
    """Hands tickets to workers, and tells them when one is wanted no more."""

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the best ticket that `profile` can execute, waiting until there is one."""
        ...

    def watch(self, ticket: ExecutionTicket, interrupt: Callable[[HeartbeatVerdict], None]) -> None:
        """Call `interrupt` once if this attempt is cancelled or superseded while watched."""
        ...

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """Watch this attempt no more."""
        ...
