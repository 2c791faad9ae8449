"""A worker's way to the orchestrator over HTTP: tickets on lease, answers in batches.

What is promised, whatever happens to this process or the other: an attempt whose worker is silent
goes to others as the next attempt, and what the silent one still says changes nothing. While the
orchestrator is away work goes on, and its answers wait.
"""

import asyncio
import logging
from collections import Counter, deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ValidationError

from orchestrator_dynamic.errors import InvariantViolation, Misconfigured, OrchestratorError
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.sdk.http_attempts import Attempt, AttemptsOnLease
from orchestrator_dynamic.sdk.http_backoff import Backoff
from orchestrator_dynamic.sdk.http_connection import (
    ANSWER_S,
    HttpConnection,
    ServerUnavailable,
    WorkerClient,
)
from orchestrator_dynamic.sdk.http_life_signs import LifeSigns
from orchestrator_dynamic.sdk.http_results import ResultSender
from orchestrator_dynamic.sdk.transport import Interrupt

CLOSE_DEADLINE_S = 5.0
_LENT_MAX = 1_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """How much a transport holds, and how long things take.

    Attributes:
        lease_s: after this silence tickets go to others; a handler that blocks the event loop for
            longer loses what this worker has. Signs of life come three times as often.
        wait_s: how long one question for tickets waits for an answer, at most half a lease.
        answers_max: how many answers may wait before workers do.
    """

    lease_s: int = 30
    wait_s: int = 20
    answers_max: int = 1_000


class _Lent(BaseModel):
    ticket: ExecutionTicket
    attempt: int


class _Lease(BaseModel):
    tickets: list[_Lent]


class HttpTransport:
    """A `TicketTransport` for one worker, as long as its context is open.

    It needs no server to start, and waits for one as long as it takes. A refusal that is for good
    cancels whoever has opened the context, and leaves it as an `ExceptionGroup` with
    `Misconfigured`.

    Attributes:
        tally: how many answers there were of each fate, for whoever watches.
    """

    def __init__(
        self,
        connection: HttpConnection,
        *,
        profile: WorkerProfile,
        limits: HttpLimits | None = None,
    ) -> None:
        self._profile = profile
        self._limits = limits = limits or HttpLimits()
        self._client = WorkerClient(connection, profile.worker_id)
        self._attempts = AttemptsOnLease(profile.concurrency)
        self._sender = ResultSender(self._client, limits.answers_max)
        self._changed = asyncio.Event()
        self._life_signs = LifeSigns(self._client, self._attempts, limits.lease_s, self._heard)
        self._takers: deque[asyncio.Future[None]] = deque()
        self._draining = False
        self._stack = AsyncExitStack()
        self._asking: asyncio.Task[None] | None = None
        self._background: list[asyncio.Task[None]] = []
        self.tally: Counter[str] = self._sender.tally

    # --- As a context -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._client)
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._asking = tasks.create_task(self._keep_asking())
        self._background = [
            self._asking,
            tasks.create_task(self._sender.run()),
            tasks.create_task(self._life_signs.run()),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send what is answered, and give back the rest, so that others need not wait for it."""
        self._draining = True
        try:
            if not any(task.done() and not task.cancelled() for task in self._background):
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._stop_asking()
                    await self._give_back(list(self._attempts))
                    await self._sender.all_sent()
        except TimeoutError:
            log.warning("not all answers could be sent; their tickets will be executed again")
        finally:
            for task in self._background:
                # One failure has cancelled all: a second time would cut their leaving short.
                if not task.cancelling():
                    task.cancel()
            await self._stack.__aexit__(type(error) if error else None, error, None)

    async def drain(self) -> None:
        """Hand out no more tickets, and return when those that run are answered for certain."""
        self._draining = True
        await self._stop_asking()
        await self._give_back(self._attempts.unbegun())
        while self._attempts.running:
            self._changed.clear()
            await self._changed.wait()
        await self._sender.all_sent()

    # --- As a transport ---------------------------------------------------------------------------

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the ticket that has waited longest; the orchestrator has lent the best first."""
        if profile is not self._profile and profile != self._profile:
            raise Misconfigured(f"this transport is for {self._profile}, not for {profile}")
        while self._draining or (attempt := self._attempts.begin()) is None:
            self._changed.set()
            taker = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            try:
                await taker
            except asyncio.CancelledError:
                # What woke this one up is for another then.
                self._wake(1)
                raise
        if self._attempts.room:
            self._changed.set()
        return attempt.ticket

    async def report(self, result: ExecutionResult) -> None:
        """Return when `result` waits to be sent, which takes long where many wait already."""
        number = _attempt_told(result)
        await self._sender.put(result, number)
        if attempt := self._attempts.find(result.ticket_id, number):
            self._attempts.over(attempt)
        self._changed.set()

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Return what was last heard of the attempt; how far it has come is told soon."""
        attempt = self._attempts.find(beat.ticket_id, _attempt_told(beat))
        if attempt is None:
            return HeartbeatVerdict.SUPERSEDED
        if progress := beat.result.metadata.get("progress"):
            self._life_signs.tell(attempt, progress)
        return attempt.verdict

    def watch(self, ticket: ExecutionTicket, interrupt: Interrupt) -> None:
        """As the protocol says."""
        attempt = self._attempt_of(ticket)
        if attempt is None:
            interrupt(HeartbeatVerdict.SUPERSEDED)
        else:
            attempt.watch(interrupt)

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """As the protocol says."""
        if attempt := self._attempt_of(ticket):
            attempt.watch(None)

    # --- What happens meanwhile -------------------------------------------------------------------

    async def _keep_asking(self) -> None:
        """Ask for tickets whenever there is room for them."""
        profile, backoff, lease_s = self._profile, Backoff(), self._limits.lease_s
        # A lease may be as old as the question, so that half of it is left when it comes.
        wait_s = min(self._limits.wait_s, lease_s / 2)
        about = {
            "task_types": sorted(profile.task_types),
            "capabilities": sorted(profile.capabilities),
            "wait_s": wait_s,
            "lease_s": lease_s,
        }
        while True:
            while not (room := self._attempts.room):
                self._changed.clear()
                await self._changed.wait()
            question = {**about, "max": min(room, _LENT_MAX)}
            lent_until = asyncio.get_running_loop().time() + lease_s
            try:
                answer = await self._client.ask("lease", question, wait_s + ANSWER_S)
            except ServerUnavailable as error:
                await backoff.wait("no tickets for now: %s", error)
                continue
            backoff.over()
            self._take_in(answer, lent_until)

    def _take_in(self, answer: bytes, lent_until: float) -> None:
        try:
            lent = _Lease.model_validate_json(answer).tickets
        except ValidationError as error:
            raise Misconfigured(
                f"the server lends what this worker cannot read: {error}"
            ) from error
        for one in lent:
            self._attempts.add(one.ticket, one.attempt, lent_until)
        self._wake(len(lent))

    def _heard(self) -> None:
        """There is word of what is in hand: some may be begun now, some is over."""
        self._changed.set()
        self._wake(len(self._attempts) - self._attempts.running)

    def _wake(self, most: int) -> None:
        while self._takers and most > 0:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                most -= 1

    async def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _give_back(self, attempts: list[Attempt]) -> None:
        """Give attempts back; where that fails their leases run out, which takes longer."""
        for attempt in attempts:
            self._attempts.over(attempt)
        for begin in range(0, len(attempts), _LENT_MAX):
            chunk = attempts[begin : begin + _LENT_MAX]
            told = [{"ticket_id": one.ticket.ticket_id, "attempt": one.number} for one in chunk]
            try:
                await self._client.ask("return", {"tickets": told})
            except OrchestratorError as error:
                log.warning("%d tickets could not be given back: %s", len(attempts), error)
                return

    def _attempt_of(self, ticket: ExecutionTicket) -> Attempt | None:
        return self._attempts.find(ticket.ticket_id, ticket.retry_count + 1)


def _attempt_told(result: ExecutionResult) -> int:
    told = result.result.metadata.get("attempt", "")
    if not told.isdecimal():
        raise InvariantViolation(f"the result for {result.ticket_id} does not tell its attempt")
    return int(told)
