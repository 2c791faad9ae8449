"""The way between an orchestrator and the workers of its own process."""

from collections.abc import Callable
from functools import partial

from orchestrator_dynamic.core.answers import attempt_of
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.ports.ticket_source import TicketSource
from orchestrator_dynamic.runtime.engine import Engine
from orchestrator_dynamic.runtime.patience import until_available
from orchestrator_dynamic.runtime.shared_orchestrator import SharedOrchestrator


class InProcessTransport:
    """A worker's transport (see the worker kit) without a network between."""

    def __init__(self, engine: Engine, source: TicketSource) -> None:
        self._engine = engine
        self._source = source

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the best ticket that `profile` can execute, waiting until there is one."""
        return await self._source.take(profile)

    async def report(self, result: ExecutionResult) -> None:
        """Return when the engine has `result` in its mailbox."""
        await self._engine.report(result)

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Pass on a sign of life, and return whether to go on."""
        return self._engine.heartbeat(beat, attempt_of(beat) or 1)

    def watch(self, ticket: ExecutionTicket, interrupt: Callable[[HeartbeatVerdict], None]) -> None:
        """Call `interrupt` once if this attempt is cancelled or superseded while watched."""
        self._source.watch(ticket, interrupt)

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """Watch this attempt no more."""
        self._source.unwatch(ticket)


class SharedTransport:
    """A worker's transport where a server keeps the plans and tickets are queued in this process.

    Whether an attempt is still wanted is told by `watch`; a sign of life is only passed on.
    """

    def __init__(self, orchestrator: SharedOrchestrator, source: TicketSource) -> None:
        self._orchestrator = orchestrator
        self._source = source

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the best ticket that `profile` can execute, waiting until there is one."""
        return await self._source.take(profile)

    async def report(self, result: ExecutionResult) -> None:
        """Return when `result` is durable, however long the world needs to let us."""
        await until_available(partial(self._orchestrator.report, result), "answer_not_taken")

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Pass on a sign of life, and say to go on.

        Raises:
            Unavailable: it could not be passed on; the work may go on without.
        """
        await self._orchestrator.report(beat)
        return HeartbeatVerdict.GO_ON

    def watch(self, ticket: ExecutionTicket, interrupt: Callable[[HeartbeatVerdict], None]) -> None:
        """Call `interrupt` once if this attempt is cancelled or superseded while watched."""
        self._source.watch(ticket, interrupt)

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """Watch this attempt no more."""
        self._source.unwatch(ticket)
