"""What can befall a plan next: moves, and the facts that they come to where the plan is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

from hypothesis import strategies as st

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import IN_FLIGHT, Stage, Ticket
from tests.support.plan_strategies import SUPPLIES, digits
from tests.support.story import Story

PICKS = 24
WAITS_MS = [0, 0, 0, 1, 500, 20_000, 90_000]
CHANCES = [0.5, 0.0, 0.25, 0.75, 0.95, 0.999]


@dataclass(frozen=True, slots=True)
class Move:
    """What happens next, before it is known to whom.

    Attributes:
        pick: chooses among those to whom it can happen.
        chance: the fact's own, and whether a worker echoes its attempt.
    """

    kind: str
    pick: int
    wait_ms: int
    chance: float


def _answer(story: Story, move: Move, ticket: Ticket, attempt: int | None) -> facts.Answer:
    at, number = story.now + move.wait_ms, ticket.number
    if move.kind == "start":
        return facts.TicketStarted(at=at, ticket=number, attempt=attempt, agent="w-2")
    if move.kind == "succeed":
        return facts.TicketSucceeded(at=at, ticket=number, attempt=attempt, agent="w-2")
    return facts.TicketFailed(
        at=at,
        ticket=number,
        attempt=attempt,
        agent="w-2",
        error="it broke",
        retryable=move.kind == "fail",
        chance=move.chance,
        timed_out=move.pick % 5 == 0,
    )


def _timely_answer(story: Story, move: Move) -> facts.Fact:
    held = story.tickets_in(*IN_FLIGHT)
    if not held:
        return _clear_the_way(story, move)
    ticket = held[move.pick % len(held)]
    return _answer(story, move, ticket, ticket.attempt if move.chance < 0.8 else None)


def _stray_answer(story: Story, move: Move) -> facts.Fact:
    if not story.state.tickets:
        return _ring(story, move)
    ticket = story.state.tickets[move.pick % len(story.state.tickets)]
    kind = ("start", "succeed", "fail", "fail_for_good")[move.pick % 4]
    stray = Move(kind, move.pick, move.wait_ms, move.chance)
    attempt = None if move.chance > 0.9 else ticket.attempt + (move.pick % 3 - 1)
    return _answer(story, stray, ticket, attempt)


def _publish(story: Story, move: Move) -> facts.Fact:
    handed = [(t.number, t.attempt) for t in story.tickets_in(Stage.PUBLISHING)]
    if not handed:
        return _timely_answer(story, replace(move, kind="succeed"))
    told = handed[move.pick % len(handed) :] if move.chance > 0.7 else handed
    agents = tuple(f"w-{number}" for number, _ in told) if move.chance < 0.3 else ()
    return facts.TicketsPublished(at=story.now + move.wait_ms, tickets=tuple(told), agents=agents)


def _give_back(story: Story, move: Move) -> facts.Fact:
    held = [(t.number, t.attempt) for t in story.tickets_in(*IN_FLIGHT)]
    if not held:
        return _clear_the_way(story, move)
    told = held[: 1 + move.pick % len(held)]
    return facts.TicketsReturned(at=story.now + move.wait_ms, tickets=tuple(told))


def _clear_the_way(story: Story, move: Move) -> facts.Fact:
    """Nothing is out, so that somebody or something must be waited for: take it away."""
    state, at = story.state, story.now + move.wait_ms
    if state.paused:
        return facts.ResumeRequested(at=at, by="ann")
    if state.phase is Phase.AWAITING_APPROVAL or story.tickets_in(Stage.AWAITING_APPROVAL):
        return facts.ApprovalGiven(at=at, by="ann", tickets=None)
    if state.starved:
        return facts.WorkersChanged(at=at, workers=None)
    return _ring(story, move)


def _ring(story: Story, move: Move) -> facts.Fact:
    alarm = story.execution.alarm
    at = story.now + move.wait_ms if alarm is None else max(alarm, story.now)
    return facts.TimePassed(at=at, chance=move.chance)


def _oversleep(story: Story, move: Move) -> facts.Fact:
    late = max(story.now, story.execution.alarm or 0) + move.wait_ms
    return facts.TimePassed(at=late, chance=move.chance)


def _time(story: Story, move: Move) -> facts.Fact:
    return facts.TimePassed(at=story.now + move.wait_ms, chance=move.chance)


def _workers(story: Story, move: Move) -> facts.Fact:
    supply = SUPPLIES[move.pick % len(SUPPLIES)]
    return facts.WorkersChanged(at=story.now + move.wait_ms, workers=supply)


def _steps(story: Story, move: Move) -> tuple[int, ...] | None:
    count = len(story.state.tickets)
    return (move.pick % count, move.pick * 7 % count) if count and move.chance > 0.5 else None


def _approve(story: Story, move: Move) -> facts.Fact:
    at = story.now + move.wait_ms
    return facts.ApprovalGiven(at=at, by="ann", tickets=_steps(story, move))


def _refuse(story: Story, move: Move) -> facts.Fact:
    at = story.now + move.wait_ms
    return facts.ApprovalRefused(at=at, by="bob", reason="no", tickets=_steps(story, move))


def _cancel(story: Story, move: Move) -> facts.Fact:
    return facts.CancelRequested(at=story.now + move.wait_ms, by="ann", reason="enough")


def _pause(story: Story, move: Move) -> facts.Fact:
    return facts.PauseRequested(at=story.now + move.wait_ms, by="ann")


def _resume(story: Story, move: Move) -> facts.Fact:
    return facts.ResumeRequested(at=story.now + move.wait_ms, by="ann")


def _accept(story: Story, move: Move) -> facts.Fact:
    return facts.DecisionAccepted(at=story.now + move.wait_ms, policy=Policy())


_FACT_OF: dict[str, Callable[[Story, Move], facts.Fact]] = {
    "start": _timely_answer,
    "succeed": _timely_answer,
    "fail": _timely_answer,
    "fail_for_good": _timely_answer,
    "stray": _stray_answer,
    "publish": _publish,
    "give_back": _give_back,
    "ring": _ring,
    "oversleep": _oversleep,
    "time": _time,
    "workers": _workers,
    "approve": _approve,
    "refuse": _refuse,
    "cancel": _cancel,
    "pause": _pause,
    "resume": _resume,
    "accept": _accept,
}

# How often each is drawn, so that most plans get far and few are stopped early.
EVERYTHING = {
    "publish": 14,
    "start": 4,
    "succeed": 24,
    "fail": 6,
    "fail_for_good": 1,
    "ring": 8,
    "stray": 4,
    "give_back": 2,
    "oversleep": 2,
    "time": 2,
    "workers": 3,
    "accept": 1,
    "approve": 8,
    "refuse": 1,
    "cancel": 1,
    "pause": 2,
    "resume": 4,
}
FAILING = {**EVERYTHING, "fail": 14, "fail_for_good": 6, "give_back": 8}
SLOW = {**EVERYTHING, "ring": 20, "oversleep": 6, "time": 6}
UNSURE = {**EVERYTHING, "refuse": 2, "cancel": 2, "pause": 8, "resume": 6, "workers": 6}
MOODS = (EVERYTHING, FAILING, SLOW, UNSURE)


def moves(weights: Mapping[str, int]) -> st.SearchStrategy[Move]:
    """Draw moves of these kinds, as often as their weights say."""
    kinds = [kind for kind, weight in weights.items() for _ in range(weight)]
    bases = len(kinds), PICKS, len(WAITS_MS), len(CHANCES)

    def read(number: int) -> Move:
        kind, pick, wait, chance = digits(number, *bases)
        return Move(kinds[kind], pick, WAITS_MS[wait], CHANCES[chance])

    return st.integers(0, prod(bases) - 1).map(read)


def fact_of(story: Story, move: Move) -> facts.Fact:
    """Return what `move` comes to where `story` is now."""
    return _FACT_OF[move.kind](story, move)
