"""Runs a worker: takes tickets, lets its handlers execute them, reports what became of them.

A worker has as many lanes as it has concurrency. A lane is one long-lived task that works on one
ticket at a time, so that a ticket costs no task of its own. One time-out does two things: it
limits the attempt, and, moved to now, it carries an interruption into the handler.
"""

import asyncio
import logging
from collections.abc import Mapping

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.sdk import outcomes
from orchestrator_dynamic.sdk.context import TicketContext
from orchestrator_dynamic.sdk.outcomes import Outcome
from orchestrator_dynamic.sdk.transport import Clock, TicketTransport
from orchestrator_dynamic.sdk.worker import Handler, Worker

# While a transport has tickets at hand, a lane never suspends by itself. After this time it lets
# others have their turn: timers, heartbeats, an orchestrator in the same process.
TURN_S = 0.005

log = logging.getLogger(__name__)


async def run_worker(worker: Worker, transport: TicketTransport, *, clock: Clock) -> None:
    """Execute tickets until cancelled; what is under way then is given up and not reported.

    Raises:
        Misconfigured: `worker` has no handler.
        ExceptionGroup: `transport` raised; all lanes have ended.
    """
    profile = worker.profile()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(profile.concurrency):
            tasks.create_task(_Lane(worker, profile, transport, clock).run())


class _Lane:
    """Executes one ticket after the other."""

    def __init__(
        self, worker: Worker, profile: WorkerProfile, transport: TicketTransport, clock: Clock
    ) -> None:
        self._worker = worker
        self._profile = profile
        self._transport = transport
        self._clock = clock
        self._task: asyncio.Task[object] | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        self._task = asyncio.current_task()
        loop, transport = asyncio.get_running_loop(), self._transport
        turn_ends = loop.time() + TURN_S
        while True:
            ticket = await transport.take(self._profile)
            result = await self._answer(ticket)
            if result is not None:
                await transport.report(result)
            if loop.time() > turn_ends:
                await asyncio.sleep(0)
                turn_ends = loop.time() + TURN_S

    async def _answer(self, ticket: ExecutionTicket) -> ExecutionResult | None:
        """Execute `ticket`, and return what to report; nothing where it was taken over."""
        started_at = self._clock.now_ms()
        context = TicketContext(ticket, self._beat)
        handler = self._worker.handler_for(ticket.task_type)
        if handler is None:
            nobody = LookupError(f"{self._worker} has no handler for {ticket.task_type} tickets")
            outcome = outcomes.failed(nobody)
        else:
            outcome = await self._outcome(handler, context)
        if context.verdict is HeartbeatVerdict.SUPERSEDED:
            return None
        return self._signed(context, outcome, outcome.metadata, started_at)

    async def _outcome(self, handler: Handler, context: TicketContext) -> Outcome:
        """Let `handler` execute, and return how it ended; an interruption outweighs what it says.

        A handler may swallow or rename the cancellation that carries an interruption, so that
        only the context and the time-out know for certain.
        """
        limit_ms = context.ticket.sla.timeout_ms
        limit = asyncio.timeout(limit_ms / 1000)
        try:
            outcome = outcomes.completed(await self._within(limit, handler, context))
        except asyncio.CancelledError as error:
            if self._cancelled_from_outside():
                raise
            outcome = outcomes.failed(error)
        except Exception as error:
            # A handler is anybody's code: whatever it raises is how its attempt ended.
            log.info(
                "attempt %d at %s failed", context.attempt, context.ticket.ticket_id, exc_info=error
            )
            outcome = outcomes.failed(error)
        if self._cancelled_from_outside():
            raise asyncio.CancelledError
        if context.cancelled:
            return outcomes.CANCELLED
        return outcomes.timed_out(limit_ms) if limit.expired() else outcome

    async def _within(
        self, limit: asyncio.Timeout, handler: Handler, context: TicketContext
    ) -> object:
        """Return what `handler` returns, unless the time is up or it is interrupted before."""

        def interrupt(verdict: HeartbeatVerdict) -> None:
            if verdict is not HeartbeatVerdict.GO_ON and not limit.expired():
                context.verdict = verdict
                limit.reschedule(0)

        async with limit:
            self._transport.watch(context.ticket, interrupt)
            try:
                return await handler(context.ticket, context)
            finally:
                self._transport.unwatch(context.ticket)

    async def _beat(self, context: TicketContext, said: Mapping[str, str]) -> HeartbeatVerdict:
        try:
            return await self._transport.heartbeat(self._signed(context, _ALIVE, said))
        except Unavailable:
            # A sign of life that is lost is no reason to stop living.
            return HeartbeatVerdict.GO_ON

    def _signed(
        self,
        context: TicketContext,
        outcome: Outcome,
        metadata: Mapping[str, str],
        started_at: int | None = None,
    ) -> ExecutionResult:
        now = self._clock.now_ms()
        # In one go, for that is a third cheaper than one model after the other.
        return ExecutionResult.model_validate(
            {
                "ticket_id": context.ticket.ticket_id,
                "status": outcome.status,
                "result": {
                    "success": outcome.status is ExecutionStatus.COMPLETED,
                    "output": outcome.output,
                    "metadata": {**metadata, "attempt": str(context.attempt)},
                    "logs": context.lines(),
                },
                "error_message": outcome.error,
                "actual_duration_ms": None if started_at is None else max(0, now - started_at),
                "agent_id": self._profile.worker_id,
                "timestamp": now,
            }
        )

    def _cancelled_from_outside(self) -> bool:
        """Whether somebody wants this lane to end; never meant by a time-out that has ended."""
        return self._task is not None and self._task.cancelling() > 0


_ALIVE = Outcome(ExecutionStatus.RUNNING)
