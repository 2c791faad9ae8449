"""What has happened to plans since somebody last looked, in words.

It is found by comparing tickets with how they were, so it costs the size of the plans: for plans
that a person can follow, and often enough that little is missed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.runtime.open_plan import OpenPlan


class Mood(StrEnum):
    """Whether it is good news, bad news, or something that a person has to do with."""

    GOOD = "green"
    BAD = "red"
    PERSON = "bold yellow"


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a plan at the moment `at` (epoch ms)."""

    at: int
    plan_id: str
    text: str
    mood: Mood


@dataclass(slots=True)
class Onlooker:
    """Remembers how plans were when it last looked."""

    _stages: dict[str, list[Stage]] = field(default_factory=dict)
    _phases: dict[str, Phase] = field(default_factory=dict)

    def look(self, plans: Iterable[OpenPlan], now: int) -> list[Happening]:
        """Return what has happened to `plans` since the last call, as of `now` (epoch ms)."""
        return [
            Happening(now, plan.state.plan.plan_id, text, mood)
            for plan in plans
            for text, mood in self._look_at(plan.state)
        ]

    def _look_at(self, state: ExecutionState) -> Iterator[tuple[str, Mood]]:
        known = self._stages.setdefault(state.workflow_id, [])
        known += [Stage.WAITING] * (len(state.tickets) - len(known))
        for number, ticket in enumerate(state.tickets):
            before, known[number] = known[number], ticket.stage
            if before is not ticket.stage and (told := _told(state, ticket, before)):
                yield told
        before_this = self._phases.get(state.workflow_id, state.phase)
        self._phases[state.workflow_id] = state.phase
        if before_this is not state.phase and state.phase is Phase.COMPENSATING:
            yield "what had completed is undone, the last first", Mood.BAD


def _told(state: ExecutionState, ticket: Ticket, before: Stage) -> tuple[str, Mood] | None:
    """Return what to tell; a first attempt that begins is no news yet."""
    name = f"undoing of {ticket.task_id}" if ticket.undoes is not None else ticket.task_id
    match ticket.stage:
        case Stage.RUNNING if ticket.attempt > 1:
            return f"{name} runs again, attempt {ticket.attempt}", Mood.GOOD
        case Stage.COMPLETED if before is not Stage.COMPENSATING:
            return f"{name} completed by {ticket.agent}", Mood.GOOD
        case Stage.BACKING_OFF:
            wait_ms = max(0, (ticket.retry_at or state.now) - state.now)
            why = f"{name}: attempt {ticket.attempt} failed ({ticket.error})"
            return f"{why}; again in {spoken(wait_ms)}", Mood.BAD
        case Stage.FAILED:
            return f"{name} failed for good: {ticket.error}", Mood.BAD
        case Stage.AWAITING_APPROVAL:
            return f"{name} waits for a person to approve it", Mood.PERSON
        case Stage.STARVED:
            return f"{name} waits for a worker that can do it", Mood.BAD
        case _:
            return None
