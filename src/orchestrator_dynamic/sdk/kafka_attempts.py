"""What this process knows of the attempts that were delivered to it, so that none runs twice.

An attempt is queued, then running, then answered; when its answer is on the results topic, only
its number is remembered, within bounds. Nothing here awaits: whoever calls acts on the answer
before anything else can happen.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk.kafka_offsets import OffsetMark
from orchestrator_dynamic.sdk.kafka_selection import attempt_of
from orchestrator_dynamic.sdk.transport import Interrupt


class Place(NamedTuple):
    """Where a message was read."""

    mark: OffsetMark
    offset: int

    def done(self) -> None:
        """Note that nothing is to be done any more about the message."""
        self.mark.done(self.offset)


class Stage(Enum):
    """How far an attempt has come."""

    QUEUED = auto()
    RUNNING = auto()
    ANSWERED = auto()


class Fate(StrEnum):
    """What becomes of a delivery. CANCELLED is to be answered without being executed."""

    QUEUED = "queued"
    REPEATED = "repeated"
    STALE = "stale"
    CANCELLED = "cancelled"


class Attempt:
    """One attempt at one ticket, from its delivery to the acknowledgement of its answer.

    Attributes:
        headers: what its message carried for those who trace it.
        sent_at_ms: when its message was written.
        begun_at, beat_at: when it was taken, and when it last gave a sign of life; loop time.
        held_beat: what it has said of its progress since then.
    """

    __slots__ = (
        "_interrupt",
        "_places",
        "beat_at",
        "begun_at",
        "headers",
        "held_beat",
        "number",
        "sent_at_ms",
        "stage",
        "ticket",
        "verdict",
    )

    def __init__(
        self,
        ticket: ExecutionTicket,
        headers: Mapping[str, bytes] | None = None,
        sent_at_ms: int = 0,
    ) -> None:
        self.ticket = ticket
        self.number = attempt_of(ticket)
        self.headers: Mapping[str, bytes] = headers or {}
        self.sent_at_ms = sent_at_ms
        self.stage = Stage.QUEUED
        self.verdict = HeartbeatVerdict.GO_ON
        self.begun_at = 0.0
        self.beat_at: float | None = None
        self.held_beat: ExecutionResult | None = None
        self._places: list[Place] = []
        self._interrupt: Interrupt | None = None

    def delivered_at(self, place: Place) -> None:
        """Note that a message at `place` carries this attempt."""
        self._places.append(place)

    def done(self) -> None:
        """Note that nothing is to be done any more about the messages that carried it."""
        for place in self._places:
            place.done()
        self._places.clear()

    @property
    def lost(self) -> bool:
        """Whether all of its messages are another's now."""
        return not any(place.mark.live for place in self._places)

    def watch(self, interrupt: Interrupt) -> None:
        """Call `interrupt` once when there is a reason to stop, at once if there is one already."""
        if self.verdict is HeartbeatVerdict.GO_ON:
            self._interrupt = interrupt
        else:
            interrupt(self.verdict)

    def unwatch(self) -> None:
        """Call nobody any more."""
        self._interrupt = None

    def stop(self, verdict: HeartbeatVerdict) -> None:
        """Tell whoever works on it why to stop; what was told first stays."""
        if self.verdict is HeartbeatVerdict.GO_ON:
            self.verdict = verdict
            interrupt, self._interrupt = self._interrupt, None
            if interrupt is not None:
                interrupt(verdict)


class _Remembered:
    """The highest attempt of each of the tickets that were last noted; the oldest go first."""

    def __init__(self, tickets_max: int) -> None:
        self._tickets_max = tickets_max
        self._numbers: OrderedDict[TicketId, int] = OrderedDict()

    def note(self, ticket_id: TicketId, number: int) -> None:
        self._numbers[ticket_id] = max(number, self._numbers.pop(ticket_id, 0))
        if len(self._numbers) > self._tickets_max:
            self._numbers.popitem(last=False)

    def covers(self, ticket_id: TicketId, number: int) -> bool:
        return number <= self._numbers.get(ticket_id, 0)


class AttemptBook:
    """The attempts of one worker: those that wait, those that run, those that were.

    Args:
        remembered_max: of how many tickets it is remembered that they were answered.

    Attributes:
        at_rest: set while nothing runs that somebody waits for.
    """

    def __init__(self, remembered_max: int) -> None:
        self._live: dict[TicketId, Attempt] = {}
        self._queue: dict[TicketId, Attempt] = {}
        self._running: dict[TicketId, Attempt] = {}
        self._ended = _Remembered(remembered_max)
        self._cancelled = _Remembered(remembered_max)
        self.at_rest = asyncio.Event()
        self.at_rest.set()

    @property
    def queued_count(self) -> int:
        """How many attempts wait."""
        return len(self._queue)

    def running(self) -> Iterator[Attempt]:
        """Return the attempts that run, the oldest first."""
        return iter(self._running.values())

    def deliver(self, attempt: Attempt, place: Place) -> Fate:
        """Queue `attempt` unless it is known, or older than what is known; say what became of it.

        One that was cancelled before counts as answered from now on: the caller answers it.
        """
        ticket_id, number = attempt.ticket.ticket_id, attempt.number
        known = self._live.get(ticket_id)
        if known is not None and known.number == number:
            known.delivered_at(place)
            return Fate.REPEATED
        if self._ended.covers(ticket_id, number):
            place.done()
            return Fate.REPEATED
        if known is not None and known.number > number:
            place.done()
            return Fate.STALE
        self.foresee(ticket_id, number)
        attempt.delivered_at(place)
        self._live[ticket_id] = attempt
        if self._cancelled.covers(ticket_id, number):
            attempt.stage = Stage.ANSWERED
            return Fate.CANCELLED
        self._queue[ticket_id] = attempt
        return Fate.QUEUED

    def foresee(self, ticket_id: TicketId, number: int) -> None:
        """Give up what is older than attempt `number`: nobody waits for it any more."""
        known = self._live.get(ticket_id)
        if known is None or known.number >= number:
            return
        known.stop(HeartbeatVerdict.SUPERSEDED)
        if known.stage is not Stage.ANSWERED:
            self._end(known)

    def cancel(self, ticket_id: TicketId, number: int) -> Attempt | None:
        """Stop attempt `number`, and those before it; return the one that is to be answered.

        That is one that was queued. Whoever runs one answers by themselves.
        """
        self._cancelled.note(ticket_id, number)
        known = self._live.get(ticket_id)
        if known is None or known.number > number:
            return None
        known.stop(HeartbeatVerdict.CANCELLED)
        if known.stage is not Stage.QUEUED:
            return None
        del self._queue[ticket_id]
        known.stage = Stage.ANSWERED
        return known

    def begin_next(self, at: float) -> Attempt | None:
        """Return the attempt that has waited longest, running from now on; None where none waits.

        Args:
            at: loop time.
        """
        for ticket_id, attempt in self._queue.items():
            del self._queue[ticket_id]
            self._running[ticket_id] = attempt
            self.at_rest.clear()
            attempt.stage, attempt.begun_at = Stage.RUNNING, at
            return attempt
        return None

    def find(self, ticket_id: TicketId, number: int) -> Attempt | None:
        """Return the attempt, if it is known and not superseded."""
        known = self._live.get(ticket_id)
        return known if known is not None and known.number == number else None

    def superseded(self, ticket_id: TicketId, number: int) -> bool:
        """Return whether a newer attempt than this one is known."""
        known = self._live.get(ticket_id)
        return known is not None and known.number > number

    def answered(self, attempt: Attempt) -> None:
        """Note that there is an answer, which is on its way."""
        attempt.stage = Stage.ANSWERED
        attempt.held_beat = None
        if self._live.get(attempt.ticket.ticket_id) is attempt:
            self._runs_no_more(attempt.ticket.ticket_id)

    def over(self, attempt: Attempt) -> None:
        """Note that its answer cannot be lost any more, or that nobody waits for one."""
        self._end(attempt)

    def forget_lost(self) -> None:
        """Drop what waits and is another's now; what runs goes on."""
        for ticket_id, attempt in list(self._queue.items()):
            if attempt.lost:
                del self._queue[ticket_id]
                del self._live[ticket_id]

    def _end(self, attempt: Attempt) -> None:
        ticket_id = attempt.ticket.ticket_id
        attempt.done()
        self._ended.note(ticket_id, attempt.number)
        if self._live.get(ticket_id) is attempt:
            del self._live[ticket_id]
            self._queue.pop(ticket_id, None)
            self._runs_no_more(ticket_id)

    def _runs_no_more(self, ticket_id: TicketId) -> None:
        self._running.pop(ticket_id, None)
        if not self._running:
            self.at_rest.set()
