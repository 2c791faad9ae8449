"""Workers, and a driver with time on its hands, that bring a story to its end."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from hypothesis import strategies as st

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.explanation import why_plan
from orchestrator_dynamic.core.facts import TimePassed, WorkersChanged
from orchestrator_dynamic.core.ticket import IN_FLIGHT, Stage, Ticket
from tests.support.story import Story

# Twelve tickets and as many compensations, six attempts each, ten facts an attempt.
STEPS_MAX = 2_000


class Fate(StrEnum):
    """What comes of an attempt."""

    SUCCEED = "succeed"
    FAIL = "fail"
    FAIL_FOR_GOOD = "fail_for_good"
    SILENCE = "silence"


Fates = Callable[[Ticket], Fate]


def always(fate: Fate) -> Fates:
    """Return what gives every attempt the same fate."""
    return lambda _ticket: fate


def fates(*choices: Fate) -> st.SearchStrategy[Fates]:
    """Draw what gives each attempt of each ticket one of these fates."""
    return st.lists(st.sampled_from(choices), min_size=1, max_size=30).map(_by_attempt)


def fates_of_tasks(*choices: Fate) -> st.SearchStrategy[Fates]:
    """Draw what gives all attempts of a task one of these fates, and undoes everything."""
    return st.lists(st.sampled_from(choices), min_size=1, max_size=12).map(_by_task)


def _by_attempt(drawn: Sequence[Fate]) -> Fates:
    return lambda ticket: drawn[(ticket.number * 7 + ticket.attempt) % len(drawn)]


def _by_task(drawn: Sequence[Fate]) -> Fates:
    def fate_of(ticket: Ticket) -> Fate:
        if ticket.undoes is not None:
            return Fate.SUCCEED
        return drawn[ord(ticket.task_id[0]) % len(drawn)]

    return fate_of


def clear_the_way(story: Story) -> None:
    """Take away whatever only people can take away: a pause, missing workers."""
    if story.state.paused:
        story.resume()
    if story.state.supply.workers is not None:
        story.tell(WorkersChanged(at=story.now, workers=None))


def finish(story: Story, fate_of: Fates, order: Sequence[int] = (0,)) -> None:
    """Answer what is published and let time pass until the plan has ended.

    Args:
        order: whose turn it is to answer among those with something to say, again and again.
    """
    for number in range(STEPS_MAX):
        if story.execution.outcome is not None:
            return
        step(story, fate_of, order[number % len(order)])
    raise AssertionError(f"no end after {STEPS_MAX} steps: {why_plan(story.state)}")


def step(story: Story, fate_of: Fates, turn: int) -> None:
    """Do the next thing there is to do: approve, confirm, answer, or wait."""
    if story.state.phase is Phase.AWAITING_APPROVAL or story.tickets_in(Stage.AWAITING_APPROVAL):
        story.approve()
        return
    if story.tickets_in(Stage.PUBLISHING):
        story.confirm()
        return
    speaking = [t for t in story.tickets_in(*IN_FLIGHT) if fate_of(t) is not Fate.SILENCE]
    if speaking:
        ticket = speaking[turn % len(speaking)]
        answer(story, ticket, fate_of(ticket))
        return
    alarm = story.execution.alarm
    if alarm is None:
        raise AssertionError(f"nothing is left to wait for: {why_plan(story.state)}")
    story.tell(TimePassed(at=max(alarm, story.now), chance=0.5))


def answer(story: Story, ticket: Ticket, fate: Fate) -> None:
    """Let the worker of `ticket` say what came of its attempt."""
    name = story.name_of(ticket.number)
    if fate is Fate.SUCCEED:
        story.succeed(name)
    else:
        story.fail(name, retryable=fate is not Fate.FAIL_FOR_GOOD)
