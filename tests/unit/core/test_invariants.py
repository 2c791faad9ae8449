"""C5, integrity: a plan's books are checked at its end, and a breach is an incident."""

from collections.abc import Callable

import pytest

from orchestrator_dynamic.core.facts import PauseRequested
from orchestrator_dynamic.core.invariants import BREACHES_SHOWN_MAX, breaches, check
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.messages import NOON
from tests.support.plans import SECOND, a_task
from tests.support.story import Story, begun


def nearly_ended() -> Story:
    """Return a plan of `a` → `b` of which only the last answer is missing."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.confirm("a")
    story.wait(SECOND)
    story.succeed("a")
    story.confirm("b")
    story.wait(SECOND)
    return story


def ended(story: Story) -> Story:
    """Return the story with its last answer given."""
    story.succeed("b")
    assert story.execution.outcome is Outcome.SUCCESS
    return story


def lose_the_result(story: Story) -> None:
    """Nobody knows who completed `a`."""
    story.ticket("a").agent = None


def lose_the_end(story: Story) -> None:
    """Nobody knows when `a` completed."""
    story.ticket("a").ended_at = None


def start_too_late(story: Story) -> None:
    """`a` began after it had completed."""
    story.ticket("a").started_at = NOON + 5 * SECOND


def publish_too_late(story: Story) -> None:
    """`a` was published after it had completed, and gave no sign of life."""
    story.ticket("a").published_at = NOON + 5 * SECOND


def begin_too_early(story: Story) -> None:
    """`b` was ready before `a` had completed."""
    story.ticket("b").ready_at = NOON


def forget_readiness(story: Story) -> None:
    """`b` completed and never was ready."""
    story.ticket("b").ready_at = None


def miscount(story: Story) -> None:
    """A ticket is counted as failed that has not."""
    story.state.counts[Stage.FAILED] += 1


@pytest.mark.parametrize(
    ("breaking", "detail"),
    [
        (lose_the_result, "a completed without a result"),
        (lose_the_end, "a completed without a result"),
        (start_too_late, f"a started at {NOON + 5_000} and completed at {NOON + 1_000}"),
        (publish_too_late, f"a started at {NOON + 5_000} and completed at {NOON + 1_000}"),
        (begin_too_early, "b was ready before a had completed"),
        (forget_readiness, "b was ready before a had completed"),
        (miscount, "tickets by stage are"),
    ],
)
def test_a_breach_is_an_incident(breaking: Callable[[Story], None], detail: str) -> None:
    """Of type INCONSISTENCY; a person must look, for this is our own fault."""
    story = nearly_ended()
    breaking(story)

    ended(story)

    (incident,) = story.incidents
    assert incident.incident_type == "INCONSISTENCY"
    assert incident.escalation_required
    assert incident.details[0].startswith(detail)


def test_sound_books_are_no_incident() -> None:
    """Otherwise nobody would read the others."""
    story = ended(nearly_ended())

    assert breaches(story.state) == []
    assert story.incidents == []


def test_a_ticket_that_has_not_ended_is_a_breach() -> None:
    """A plan cannot have ended before its tickets."""
    story = nearly_ended()

    assert breaches(story.state) == ["1 tickets have not ended"]


def test_counters_that_disagree_with_the_tickets_are_a_breach() -> None:
    """The numbers on every page come from them."""
    story = ended(nearly_ended())
    story.state.open, story.state.in_flight = 2, 1

    assert breaches(story.state) == ["0 tickets are open and 0 in flight, the counters say 2 and 1"]


def test_compensations_are_counted_too() -> None:
    """In counters of their own, so that they do not pass for tasks."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")
    story.succeed("undo a")

    assert breaches(story.state) == []
    story.ticket("undo a").agent = None
    assert breaches(story.state) == ["a completed without a result"]


def test_only_so_many_breaches_are_told() -> None:
    """A broken plan of 100,000 tickets must not make a huge incident."""
    story = begun(*(a_task(f"t{n}") for n in range(30)))
    story.succeed(*(f"t{n}" for n in range(30)))
    for ticket in story.state.tickets:
        ticket.agent = None

    found = breaches(story.state)

    assert BREACHES_SHOWN_MAX == 20
    assert len(found) == 21
    assert found[-1] == "… and perhaps more"


@pytest.mark.parametrize(("in_flight", "still_open"), [(-1, 1), (2, 1), (0, -1), (0, 2)])
def test_counters_that_cannot_be_true_stop_the_plan(in_flight: int, still_open: int) -> None:
    """This is checked after every fact, for it costs nothing; the plan's journal is kept."""
    story = begun(a_task("a"))
    story.state.in_flight, story.state.open = in_flight, still_open

    with pytest.raises(InvariantViolation, match="tickets in flight"):
        story.tell(PauseRequested(at=NOON, by="ann"))


def test_counters_that_can_be_true_are_let_be() -> None:
    """All of them out is as far as it goes."""
    story = begun(a_task("a"))

    check(story.state)

    assert (story.state.in_flight, story.state.open) == (1, 1)
