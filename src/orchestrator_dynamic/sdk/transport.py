"""What carries tickets to a worker and its answers back."""

from collections.abc import Callable
from typing import Protocol

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile

Interrupt = Callable[[HeartbeatVerdict], None]
"""Called in the event loop's thread with why to stop; GO_ON changes nothing."""


class TicketTransport(Protocol):
    """One worker's way to the orchestrator.

    A transport repeats what fails for now by itself. What it raises here ends the worker.
    """

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Wait for a ticket that `profile` can execute, and return the best one.

        Returns without suspending where one is queued. A ticket that was taken belongs to the
        caller; where the wait is cancelled, none has been taken.
        """
        ...

    async def report(self, result: ExecutionResult) -> None:
        """Return when the transport has taken responsibility for `result`; it may wait for room."""
        ...

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Pass on a sign of life, and return whether to go on.

        Raises:
            Unavailable: it could not be passed on; the work may go on without.
        """
        ...

    def watch(self, ticket: ExecutionTicket, interrupt: Interrupt) -> None:
        """Call `interrupt` as soon as the attempt `ticket` is cancelled or superseded.

        It may be called before this returns.
        """
        ...

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """End what `watch` began for this attempt; `interrupt` is not called any more."""
        ...


class Clock(Protocol):
    """The present moment, as data."""

    def now_ms(self) -> int:
        """Return the present moment in epoch milliseconds, UTC."""
        ...
