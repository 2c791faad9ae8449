"""Tickets that are lent to workers elsewhere, for as long as they show that they live.

A lease is a ticket, its attempt, a worker and a moment. A heartbeat moves the moment, an answer
ends the lease, and one that runs out is a failed attempt: whatever its worker still says belongs
to an attempt that is over. Nothing is awaited between taking tickets and noting their leases.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from orchestrator_dynamic.core.answers import attempt_of
from orchestrator_dynamic.errors import Refused, Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult, ExecutionResultPayload
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.ports.ticket_source import TicketSource
from orchestrator_dynamic.runtime.lease_keeping import LeaseKeeper
from orchestrator_dynamic.runtime.roster import PATIENCE_MS, Roster

LEASES_PER_WORKER_MAX = 10_000
ASKING_MAX = 1_000
WORKERS_MAX = 10_000
# The moments of so many leases that have ended are kept, for it costs more to take one out.
_ENDED_MAX = 1_000
# Workers that are silent are looked for so often.
_ROUND_S = 5.0

log = get_logger(__name__)


class TooMuchAsked(Unavailable):
    """A bound of ours is reached; what is over is refused until there is room."""


class Closing(Unavailable):
    """Nothing is lent any more before the service is back."""


class NameTaken(Refused):
    """A worker of this very process has the name."""


class Beat(NamedTuple):
    """A worker's sign of life about an attempt, with how far it says it has come."""

    ticket_id: TicketId
    attempt: int
    progress: str | None = None


class Sign(NamedTuple):
    """What a worker is told about an attempt; `expires_at` is None where it is not to go on."""

    ticket_id: TicketId
    attempt: int
    verdict: HeartbeatVerdict
    expires_at: int | None


class Lease:
    """One attempt that is lent to a worker for `length_ms` at a time, until a moment (epoch ms)."""

    __slots__ = ("dispatch", "expires_at", "length_ms", "verdict", "worker_id")

    def __init__(self, dispatch: Dispatch, worker_id: str, now: int, length_ms: int) -> None:
        self.dispatch = dispatch
        self.worker_id = worker_id
        self.length_ms = length_ms
        self.expires_at = now + length_ms
        self.verdict = HeartbeatVerdict.GO_ON


class LeaseDesk:
    """Lends tickets. Run it with `run`, which ends leases that run out."""

    def __init__(
        self,
        source: TicketSource,
        keeper: LeaseKeeper,
        clock: Clock,
        metrics: Metrics,
        ours: Sequence[WorkerProfile] = (),
        *,
        grace_s: int = 60,
        patience_ms: int = PATIENCE_MS,
    ) -> None:
        """Begin with no lease.

        Args:
            ours: the workers of this process, to whom nothing is lent.
            grace_s: length of the leases that are adopted; how long they were, nobody knows.
            patience_ms: how long a worker that is not heard any more is still counted on.
        """
        self._source = source
        self._keeper = keeper
        self._grace_s = grace_s
        self._clock = clock
        self._metrics = metrics
        self._roster = Roster(ours, keeper.workers_are, patience_ms)
        self._leases: dict[TicketId, Lease] = {}
        self._held: Counter[str] = Counter()
        self._due: list[tuple[int, TicketId, int]] = []
        self._asking: set[asyncio.Timeout] = set()
        self._closing = False
        self._earlier = asyncio.Event()
        metrics.before_fetch(lambda: metrics.set("orchestration_leases", len(self._leases)))

    def __len__(self) -> int:
        """How many leases there are."""
        return len(self._leases)

    # --- What workers ask -------------------------------------------------------------------------

    async def lend(
        self, profile: WorkerProfile, *, most: int, wait_s: float, lease_s: int
    ) -> list[Lease]:
        """Return the best tickets that `profile` can execute, none where none came in time.

        Each lease is durable when this returns. Cancelled, it has lent nothing.

        Raises:
            TooMuchAsked: too many workers ask, or this one has too many leases.
            Closing: the service is stopping.
            NameTaken: the worker must have another name.
        """
        room = min(most, LEASES_PER_WORKER_MAX - self._held[profile.worker_id])
        self._refuse_too_much(profile, room)
        self._roster.asks(profile, self._clock.now_ms())
        try:
            async with asyncio.timeout(wait_s) as wait:
                self._asking.add(wait)
                taken = await self._source.take_some(profile, room)
        except TimeoutError:
            return []
        finally:
            self._asking.discard(wait)
            self._roster.rests(profile.worker_id, self._clock.now_ms())
        leases = [self._begin(one, profile.worker_id, lease_s) for one in taken]
        try:
            await self._keeper.confirm(taken, profile.worker_id)
        except BaseException:
            self.give_back(leases)
            raise
        # What was cancelled meanwhile is told by the first heartbeat.
        return leases

    def extend(
        self, worker_id: str, beats: Iterable[Beat], lease_s: int | None = None
    ) -> list[Sign]:
        """Take signs of life: what is still wanted is lent anew from now.

        Args:
            lease_s: for how long; None means for as long as before.
        """
        now = self._clock.now_ms()
        self._roster.heard(worker_id, now)
        return [self._extended(worker_id, beat, now, lease_s) for beat in beats]

    async def take(
        self, worker_id: str, results: Sequence[ExecutionResult]
    ) -> Sequence[AnswerFate]:
        """Return once these answers are durable, with what became of each, in the same order.

        Raises:
            Unavailable: nothing is known of them; bring them again.
        """
        self._roster.heard(worker_id, self._clock.now_ms())
        lent = [self._lease_of(one.ticket_id, attempt_of(one)) is not None for one in results]
        fates = await self._keeper.take(results, lent)
        for result in results:
            lease = self._lease_of(result.ticket_id, attempt_of(result))
            if lease is not None and result.status is not ExecutionStatus.RUNNING:
                self._end(lease)
        return fates

    def take_back(
        self, worker_id: str, attempts: Iterable[tuple[TicketId, int]]
    ) -> list[AnswerFate]:
        """Let attempts that their worker gives up go out to others, and say which it had."""
        self._roster.heard(worker_id, self._clock.now_ms())
        leases = [self._lease_of(*one) for one in attempts]
        mine = [one if one and one.worker_id == worker_id else None for one in leases]
        self.give_back([one for one in mine if one is not None])
        return [AnswerFate.STALE_ATTEMPT if one is None else AnswerFate.TAKEN for one in mine]

    def verdict_on(self, ticket_id: TicketId, attempt: int) -> HeartbeatVerdict:
        """Return whether whoever has this attempt is to go on."""
        lease = self._lease_of(ticket_id, attempt)
        return HeartbeatVerdict.SUPERSEDED if lease is None else lease.verdict

    # --- What happens meanwhile -------------------------------------------------------------------

    def adopt(self, ticket: ExecutionTicket, worker_id: str) -> None:
        """Take over what the process before has lent: its worker may live on."""
        dispatch = Dispatch((0.0, 0, 0), ticket.retry_count + 1, ticket)
        self._begin(dispatch, worker_id, self._grace_s)

    def close(self) -> None:
        """Lend nothing more, and let nobody wait any longer; answers are still taken."""
        self._closing = True
        for wait in self._asking:
            wait.reschedule(0)

    def give_back(self, leases: Iterable[Lease]) -> None:
        """End leases that nobody works under, so that the same attempts go out again.

        What was cancelled meanwhile nobody shall take: there it is the answer.
        """
        current = [one for one in leases if self._leases.get(_id_of(one)) is one]
        for lease in current:
            self._end(lease)
            if lease.verdict is not HeartbeatVerdict.GO_ON:
                self._keeper.failed(_cancelled(lease, self._clock.now_ms()))
        wanted = [one.dispatch for one in current if one.verdict is HeartbeatVerdict.GO_ON]
        if wanted:
            self._keeper.given_back(wanted)

    async def run(self) -> None:
        """End leases when they run out, and forget workers that are gone, until cancelled."""
        while True:
            now = self._clock.now_ms()
            self.end_overdue()
            self._roster.forget_silent(lambda name: self._held[name] > 0, now)
            wait_s = _ROUND_S
            if self._due:
                wait_s = min(wait_s, max(0, self._due[0][0] - now) / 1000)
            self._earlier.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._earlier.wait()
            except TimeoutError:
                continue

    def end_overdue(self) -> None:
        """End the leases whose moment has passed: their attempts have failed."""
        now = self._clock.now_ms()
        while self._due and self._due[0][0] <= now:
            _, ticket_id, attempt = heappop(self._due)
            lease = self._lease_of(ticket_id, attempt)
            if lease is None:
                continue
            if lease.expires_at > now:
                heappush(self._due, (lease.expires_at, ticket_id, attempt))
                continue
            self._end(lease)
            if lease.verdict is HeartbeatVerdict.GO_ON:
                self._metrics.add("orchestration_leases_expired_total")
                log.warning(
                    "lease_ran_out", ticket_id=ticket_id, attempt=attempt, worker=lease.worker_id
                )
                self._keeper.failed(_silence(lease, now))

    # --- Leases -----------------------------------------------------------------------------------

    def _refuse_too_much(self, profile: WorkerProfile, room: int) -> None:
        name = profile.worker_id
        if self._roster.is_ours(name):
            raise NameTaken(f"{name} is a worker of the server's own process; choose another name")
        if room < 1:
            raise TooMuchAsked(f"{name} has {LEASES_PER_WORKER_MAX} leases; answer some first")
        if self._closing:
            raise Closing("the service is stopping; ask again when it is back")
        if len(self._asking) >= ASKING_MAX:
            raise TooMuchAsked(f"{ASKING_MAX} requests wait for tickets; ask again later")
        if len(self._roster) >= WORKERS_MAX and not self._roster.knows(name):
            raise TooMuchAsked(f"{WORKERS_MAX} workers are known; ask again later")

    def _begin(self, dispatch: Dispatch, worker_id: str, lease_s: int) -> Lease:
        ticket = dispatch.ticket
        if before := self._leases.get(ticket.ticket_id):
            self._end(before)
        lease = Lease(dispatch, worker_id, self._clock.now_ms(), lease_s * 1000)
        self._leases[ticket.ticket_id] = lease
        self._held[worker_id] += 1
        if not self._due or lease.expires_at < self._due[0][0]:
            self._earlier.set()
        heappush(self._due, (lease.expires_at, ticket.ticket_id, dispatch.attempt))
        if len(self._due) > 2 * len(self._leases) + _ENDED_MAX:
            self._due = [
                (one.expires_at, name, one.dispatch.attempt) for name, one in self._leases.items()
            ]
            heapify(self._due)
        self._source.watch(ticket, partial(self._interrupted, lease))
        return lease

    def _end(self, lease: Lease) -> None:
        del self._leases[_id_of(lease)]
        self._source.unwatch(lease.dispatch.ticket)
        self._held[lease.worker_id] -= 1
        if not self._held[lease.worker_id]:
            del self._held[lease.worker_id]

    def _interrupted(self, lease: Lease, verdict: HeartbeatVerdict) -> None:
        """Note why a lease is not wanted any more; what is cancelled hears so until it runs out."""
        lease.verdict = verdict
        if verdict is HeartbeatVerdict.SUPERSEDED and self._leases.get(_id_of(lease)) is lease:
            self._end(lease)

    def _lease_of(self, ticket_id: TicketId, attempt: int | None) -> Lease | None:
        lease = self._leases.get(ticket_id)
        return lease if lease is not None and lease.dispatch.attempt == attempt else None

    def _extended(self, worker_id: str, beat: Beat, now: int, lease_s: int | None) -> Sign:
        lease = self._lease_of(beat.ticket_id, beat.attempt)
        if lease is None or lease.worker_id != worker_id:
            return Sign(beat.ticket_id, beat.attempt, HeartbeatVerdict.SUPERSEDED, None)
        verdict = lease.verdict
        if verdict is HeartbeatVerdict.GO_ON:
            verdict = self._keeper.beat(_alive(lease, beat.progress, now))
        if verdict is not HeartbeatVerdict.GO_ON:
            return Sign(beat.ticket_id, beat.attempt, verdict, None)
        if lease_s is not None:
            lease.length_ms = lease_s * 1000
        self._move(lease, now + lease.length_ms)
        return Sign(beat.ticket_id, beat.attempt, verdict, lease.expires_at)

    def _move(self, lease: Lease, expires_at: int) -> None:
        earlier, lease.expires_at = expires_at < lease.expires_at, expires_at
        if earlier:
            # A later moment is found when the earlier one is due; an earlier one must be noted.
            heappush(self._due, (expires_at, _id_of(lease), lease.dispatch.attempt))
            self._earlier.set()


def _id_of(lease: Lease) -> TicketId:
    return lease.dispatch.ticket.ticket_id


def _alive(lease: Lease, progress: str | None, now: int) -> ExecutionResult:
    said = {} if progress is None else {"progress": progress}
    return _word(lease, ExecutionStatus.RUNNING, said, None, now)


def _silence(lease: Lease, now: int) -> ExecutionResult:
    error = f"the lease of worker {lease.worker_id} ran out without a sign of life"
    return _word(lease, ExecutionStatus.FAILED, {}, error, now)


def _cancelled(lease: Lease, now: int) -> ExecutionResult:
    said = {"retryable": "false", "status": ExecutionStatus.CANCELLED.value}
    return _word(lease, ExecutionStatus.FAILED, said, "the ticket was cancelled", now)


def _word(
    lease: Lease, status: ExecutionStatus, said: dict[str, str], error: str | None, now: int
) -> ExecutionResult:
    payload = ExecutionResultPayload.of_valid(
        success=False,
        output={},
        metadata={**said, "attempt": str(lease.dispatch.attempt)},
        logs=(),
    )
    return ExecutionResult.of_valid(
        ticket_id=_id_of(lease),
        status=status,
        result=payload,
        error_message=error,
        actual_duration_ms=None,
        agent_id=lease.worker_id,
        timestamp=now,
        schema_version=1,
    )
