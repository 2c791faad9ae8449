"""The attempts that a worker has on lease: queued until a lane takes them, then running.

Nothing here awaits: whoever calls acts on the answer before anything else can happen.
"""

import asyncio
from collections import deque
from collections.abc import Iterator

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk.transport import Interrupt

# How long quick work that is fetched beforehand may take all lanes together.
_AHEAD_S = 0.1
AHEAD_PER_LANE_MAX = 32
_AHEAD_MAX = 900
# Each run weighs so much in the average, so that a few slow ones end fetching ahead.
_WEIGHT = 0.2


class Attempt:
    """One attempt on lease.

    Attributes:
        begun_at: when a lane took it, in loop time; None while it is queued.
        lent_until: when its lease runs out, as far as we know, in loop time.
        progress: what is to be told of it with the next sign of life.
    """

    __slots__ = (
        "_interrupt",
        "begun_at",
        "lent_until",
        "number",
        "progress",
        "ticket",
        "verdict",
    )

    def __init__(self, ticket: ExecutionTicket, number: int, lent_until: float) -> None:
        self.ticket = ticket
        self.number = number
        self.lent_until = lent_until
        self.begun_at: float | None = None
        self.progress: str | None = None
        self.verdict = HeartbeatVerdict.GO_ON
        self._interrupt: Interrupt | None = None

    def watch(self, interrupt: Interrupt | None) -> None:
        """Call `interrupt` once when there is a reason to stop, at once if there is one."""
        self._interrupt = interrupt
        if interrupt is not None and self.verdict is not HeartbeatVerdict.GO_ON:
            interrupt(self.verdict)

    def stop(self, verdict: HeartbeatVerdict) -> None:
        """Tell whoever works on it why to stop; what was told first stays."""
        if self.verdict is HeartbeatVerdict.GO_ON:
            self.verdict = verdict
            if self._interrupt is not None:
                self._interrupt(verdict)


class AttemptsOnLease:
    """What is in hand, and how much more can be."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._held: dict[str, Attempt] = {}
        self._queued: deque[Attempt] = deque()
        self._run_s: float | None = None
        self.running = 0

    def __iter__(self) -> Iterator[Attempt]:
        """Everything in hand, oldest first."""
        return iter(list(self._held.values()))

    def __len__(self) -> int:
        """How many attempts are in hand."""
        return len(self._held)

    @property
    def capacity(self) -> int:
        """How many may be in hand: one a lane, and ahead what takes a moment only."""
        if self._run_s is None:
            return self._lanes
        ahead = self._lanes * _AHEAD_S / max(self._run_s, 1e-4)
        if ahead < self._lanes:
            return self._lanes
        return self._lanes + int(min(ahead, self._lanes * AHEAD_PER_LANE_MAX, _AHEAD_MAX))

    @property
    def room(self) -> int:
        """How many more to ask for now; 0 where it is worth to wait for more of it."""
        capacity = self.capacity
        free = capacity - len(self._held)
        idle = self.running < self._lanes and not self._queued
        return max(0, free) if idle or 2 * free >= capacity else 0

    def add(self, ticket: ExecutionTicket, number: int, lent_until: float) -> None:
        """Note an attempt that was lent; an older one at the same ticket is over."""
        if before := self._held.get(ticket.ticket_id):
            self._forget(before)
            before.stop(HeartbeatVerdict.SUPERSEDED)
        attempt = self._held[ticket.ticket_id] = Attempt(ticket, number, lent_until)
        self._queued.append(attempt)

    def begin(self) -> Attempt | None:
        """Return the next attempt that is to be worked on, if there is one.

        What may be another's by now, for we were not heard for too long, waits for word of it.
        """
        now = asyncio.get_running_loop().time()
        for attempt in self._queued:
            if attempt.lent_until > now:
                self._queued.remove(attempt)
                attempt.begun_at = now
                self.running += 1
                return attempt
        return None

    def find(self, ticket_id: str, number: int) -> Attempt | None:
        """Return an attempt that is in hand."""
        attempt = self._held.get(ticket_id)
        return attempt if attempt is not None and attempt.number == number else None

    def over(self, attempt: Attempt) -> None:
        """Note that an attempt is answered, or not ours any more."""
        if attempt.begun_at is not None and attempt.verdict is HeartbeatVerdict.GO_ON:
            took = asyncio.get_running_loop().time() - attempt.begun_at
            before = took if self._run_s is None else self._run_s
            self._run_s = before + _WEIGHT * (took - before)
        self._forget(attempt)

    def unbegun(self) -> list[Attempt]:
        """Return what is queued, which is in hand no more."""
        queued = list(self._queued)
        for attempt in queued:
            self._forget(attempt)
        return queued

    def _forget(self, attempt: Attempt) -> None:
        if self._held.get(attempt.ticket.ticket_id) is attempt:
            del self._held[attempt.ticket.ticket_id]
            if attempt.begun_at is None:
                self._queued.remove(attempt)
            else:
                self.running -= 1
