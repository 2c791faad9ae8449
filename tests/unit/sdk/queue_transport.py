"""A small transport that is whole: a queue of tickets, a list of answers, and interruptions."""

import asyncio
from collections import deque
from collections.abc import Iterable

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.sdk.transport import Interrupt

Attempt = tuple[str, int]

# A test that waits for what never comes must fail, and not hang.
PATIENCE_S = 10


def attempt_of(ticket: ExecutionTicket) -> Attempt:
    """Return what tells one attempt from another."""
    return ticket.ticket_id, ticket.retry_count


class QueueTransport:
    """A `TicketTransport` within one loop; what a worker says is kept in `results` and `beats`."""

    def __init__(self, tickets: Iterable[ExecutionTicket] = ()) -> None:
        self.results: list[ExecutionResult] = []
        self.beats: list[ExecutionResult] = []
        self.profiles: set[WorkerProfile] = set()
        self.heartbeat_fails_with: Exception | None = None
        self._tickets = deque(tickets)
        self._verdicts: dict[Attempt, HeartbeatVerdict] = {}
        self._watchers: dict[Attempt, Interrupt] = {}
        self._changed = asyncio.Condition()

    async def put(self, *tickets: ExecutionTicket) -> None:
        """Queue `tickets`."""
        self._tickets.extend(tickets)
        await self._tell()

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the oldest ticket that `profile` can execute."""
        self.profiles.add(profile)
        while (ticket := self._oldest(profile)) is None:
            async with self._changed:
                await self._changed.wait()
        self._tickets.remove(ticket)
        return ticket

    async def report(self, result: ExecutionResult) -> None:
        """Keep `result`."""
        self.results.append(result)
        await self._tell()

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Keep `beat`, and answer what `interrupt` has said about the attempt."""
        if self.heartbeat_fails_with is not None:
            raise self.heartbeat_fails_with
        self.beats.append(beat)
        await self._tell()
        attempt = (beat.ticket_id, int(beat.result.metadata["attempt"]) - 1)
        return self._verdicts.get(attempt, HeartbeatVerdict.GO_ON)

    def watch(self, ticket: ExecutionTicket, interrupt: Interrupt) -> None:
        """Remember whom to interrupt."""
        self._watchers[attempt_of(ticket)] = interrupt

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """Forget whom to interrupt."""
        del self._watchers[attempt_of(ticket)]

    def decide(self, ticket: ExecutionTicket, verdict: HeartbeatVerdict) -> None:
        """Answer the attempt's next heartbeat with `verdict`, without interrupting it."""
        self._verdicts[attempt_of(ticket)] = verdict

    def interrupt(self, ticket: ExecutionTicket, verdict: HeartbeatVerdict) -> None:
        """Tell whoever works on this attempt to stop."""
        self._watchers[attempt_of(ticket)](verdict)

    @property
    def watched(self) -> int:
        """How many attempts are watched."""
        return len(self._watchers)

    async def reported(self, count: int) -> list[ExecutionResult]:
        """Wait for `count` results, and return them."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.results) >= count)
        return self.results

    async def alive(self, count: int) -> list[ExecutionResult]:
        """Wait for `count` heartbeats, and return them."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self.beats) >= count)
        return self.beats

    def _oldest(self, profile: WorkerProfile) -> ExecutionTicket | None:
        return next(
            (
                ticket
                for ticket in self._tickets
                if profile.can_execute(ticket.task_type, ticket.required_capabilities)
            ),
            None,
        )

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
