"""C5: a plan ends when every ticket has ended; its outcome follows from how they did."""

from collections.abc import Callable

import pytest

from orchestrator_dynamic.core.commands import EndPlan, PublishTelemetry, RecordAudit
from orchestrator_dynamic.core.consolidation import close_books
from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import SECOND, a_task
from tests.support.story import Story, begun

ISOLATE = Policy(failure_policy=FailurePolicy.ISOLATE)


def all_completed() -> Story:
    """Both tasks did."""
    story = begun(a_task("a"), a_task("b"))
    story.succeed("a", "b")
    return story


def some_completed() -> Story:
    """One did, and failures are isolated."""
    story = begun(a_task("a"), a_task("b"), policy=ISOLATE)
    story.succeed("a")
    story.fail_for_good("b")
    return story


def some_completed_and_nothing_to_undo() -> Story:
    """One did, and it had changed nothing."""
    story = begun(a_task("a", kind=TaskType.QUERY), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")
    return story


def none_completed() -> Story:
    """The first failed."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.fail_for_good("a")
    return story


def undone() -> Story:
    """The first completed and was undone when the second failed."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")
    story.succeed("undo a")
    return story


def undone_in_part() -> Story:
    """One was undone, undoing the other failed."""
    story = begun(a_task("a"), a_task("b", after="a"), a_task("c", after="b"))
    story.succeed("a", "b")
    story.fail_for_good("c")
    story.succeed("undo b")
    story.fail_for_good("undo a")
    return story


def cancelled() -> Story:
    """Somebody wanted it to end, though its last ticket completed after all."""
    story = begun(a_task("a"))
    story.cancel()
    story.succeed("a")
    return story


def rejected() -> Story:
    """The specialists did not want it."""
    story = Story(a_decision(a_plan(a_task("a")), final_decision="reject"))
    story.accept()
    return story


def expired() -> Story:
    """It came too late."""
    story = Story(a_decision(a_plan(a_task("a")), valid_until=NOON - 1))
    story.accept()
    return story


def without_tickets() -> Story:
    """There was nothing to do, which C1 refuses; and if it did not, this would still hold."""
    story = Story(a_decision(a_plan(tasks=())))
    story.accept()
    return story


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        (all_completed, Outcome.SUCCESS),
        (some_completed, Outcome.PARTIAL),
        (some_completed_and_nothing_to_undo, Outcome.PARTIAL),
        (none_completed, Outcome.FAILED),
        (undone, Outcome.COMPENSATED),
        (undone_in_part, Outcome.FAILED),
        (cancelled, Outcome.CANCELLED),
        (rejected, Outcome.REJECTED),
        (expired, Outcome.EXPIRED),
        (without_tickets, Outcome.FAILED),
    ],
)
def test_the_table_of_outcomes(told: Callable[[], Story], outcome: Outcome) -> None:
    """Each way a plan can end; zero tickets is never SUCCESS."""
    story = told()

    assert story.execution.outcome is outcome
    assert story.all(EndPlan) == [EndPlan(outcome)]


def test_a_plan_goes_on_until_its_last_ticket_has_ended() -> None:
    """The predecessor of this service consolidated tickets that nobody had run."""
    story = begun(a_task("a"), a_task("b"))

    story.succeed("a")

    assert story.execution.outcome is None
    assert story.all(EndPlan) == []


def test_an_ending_is_audited_and_told_with_its_reason() -> None:
    """First the audit, then the frame, then the end: the driver forgets the plan with it."""
    story = none_completed()

    audit, frame, end = story.latest[-3:]

    assert audit == RecordAudit(
        "plan_ended",
        "orchestrator",
        (("outcome", "FAILED"), ("reason", "task a failed for good: it broke")),
    )
    assert isinstance(frame, PublishTelemetry)
    assert end == EndPlan(Outcome.FAILED)


def test_a_success_has_a_reason_too() -> None:
    """Every ticket has ended."""
    assert all_completed().audited("plan_ended") == [
        {"actor": "orchestrator", "outcome": "SUCCESS", "reason": "every ticket has ended"}
    ]


def test_books_are_closed_at_the_end_only() -> None:
    """Asked too early, nothing is told."""
    story = begun(a_task("a"))

    close_books(story.state, story.now)

    assert story.state.take_commands() == []


def test_the_critical_path_is_the_longest_way_by_real_run_times() -> None:
    """Not by the estimates."""
    story = begun(
        a_task("a", estimated_duration_ms=100_000),
        a_task("b", estimated_duration_ms=1_000),
        a_task("c", after="a b"),
    )
    story.confirm("a", "b")
    story.wait(2 * SECOND)
    story.succeed("a")
    story.wait(5 * SECOND)
    story.succeed("b")
    story.confirm("c")
    story.wait(1 * SECOND)

    story.succeed("c")

    assert story.state.critical_path_ms == 8 * SECOND
