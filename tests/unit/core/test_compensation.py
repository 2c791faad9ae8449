"""C5: when a ticket has failed for good, what had completed is undone in reverse order."""

from typing import Any

import pytest

from orchestrator_dynamic.core.compensation import needs_undoing
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType
from tests.support.plans import SECOND, a_task
from tests.support.story import Story, begun


def chain_that_failed() -> Story:
    """Return a plan of `a` → `b` → `c` whose last task has failed for good."""
    story = begun(a_task("a"), a_task("b", after="a"), a_task("c", after="b"))
    story.succeed("a", "b")
    story.fail_for_good("c", "no space left")
    return story


def test_compensating_is_the_default() -> None:
    """Nothing half done is left behind unless somebody asks for it."""
    assert Policy().failure_policy is FailurePolicy.COMPENSATE


def test_a_failure_for_good_stops_releasing() -> None:
    """What has not gone out never will."""
    story = begun(a_task("a"), a_task("b"), a_task("c", after="b"), a_task("d"))
    story.fail("d")

    story.fail_for_good("a", "no space left")

    assert story.state.phase is Phase.DRAINING
    assert story.stages() == {
        "a": Stage.FAILED,
        "b": Stage.PUBLISHING,
        "c": Stage.SKIPPED,
        "d": Stage.FAILED,
    }
    assert story.ticket("c").error == "not run: task a failed"
    assert story.ticket("d").error == "it broke"
    assert story.audited("plan_draining") == [
        {"actor": "orchestrator", "task_id": "a", "reason": "no space left"}
    ]


def test_what_is_in_flight_may_end_first() -> None:
    """Only then is it known what has to be undone."""
    story = begun(a_task("a"), a_task("b"), a_task("c", after="b"))
    story.fail_for_good("a")

    story.succeed("b")

    assert story.state.phase is Phase.COMPENSATING
    assert story.released(story.latest) == ["undo b"]


def test_what_fails_while_the_plan_drains_is_not_tried_again() -> None:
    """The plan has failed already; and that is one cause, not two."""
    story = begun(a_task("a"), a_task("b"))
    story.fail_for_good("a")

    story.fail("b", retryable=True)

    assert story.stage("b") is Stage.FAILED
    assert len(story.incidents) == 1
    assert len(story.audited("plan_draining")) == 1
    assert story.state.verdict == "task a failed for good: it broke"


def test_undoing_goes_backwards_one_by_one() -> None:
    """Each compensation is released by the one before it."""
    story = chain_that_failed()
    assert story.released(story.latest) == ["undo b"]
    assert story.stages() == {
        "a": Stage.COMPLETED,
        "b": Stage.COMPENSATING,
        "c": Stage.FAILED,
        "undo b": Stage.PUBLISHING,
        "undo a": Stage.WAITING,
    }

    story.succeed("undo b")

    assert story.released(story.latest) == ["undo a"]
    assert story.stage("b") is Stage.COMPENSATED
    assert story.stage("a") is Stage.COMPENSATING


def test_the_plan_ends_compensated() -> None:
    """When the last thing is undone."""
    story = chain_that_failed()

    story.succeed("undo b", "undo a")

    assert story.execution.outcome is Outcome.COMPENSATED
    assert story.stage("a") is Stage.COMPENSATED
    assert story.state.verdict == "task c failed for good: no space left"


def test_originals_and_compensations_know_each_other() -> None:
    """`compensation_ticket_id` is recorded as soon as there is one, whenever its turn comes."""
    story = chain_that_failed()

    assert story.ticket("a").undone_by == story.ticket("undo a").number
    assert story.ticket("undo a").undoes == story.ticket("a").number
    assert story.ticket("a").number in story.latest[0].tickets  # type: ignore[union-attr]


def test_undoing_is_told() -> None:
    """With the number of things to undo, and why."""
    assert chain_that_failed().audited("compensation_began") == [
        {
            "actor": "orchestrator",
            "tickets": "2",
            "reason": "task c failed for good: no space left",
        }
    ]


def test_the_order_is_the_reverse_of_the_plans_order() -> None:
    """Of branches that do not depend on each other, the one that came last goes first."""
    story = begun(
        a_task("root"),
        a_task("short", after="root", estimated_duration_ms=1_000),
        a_task("long", after="root", estimated_duration_ms=500_000),
        a_task("end", after="short long"),
    )
    story.succeed("root", "short", "long")
    story.fail_for_good("end")
    story.succeed("undo short", "undo long", "undo root")

    assert story.released()[4:] == ["undo short", "undo long", "undo root"]


@pytest.mark.parametrize(
    ("kind", "metadata", "needed"),
    [
        (TaskType.BUILD, {}, True),
        (TaskType.DEPLOY, {}, True),
        (TaskType.TEST, {}, True),
        (TaskType.EXECUTE, {}, True),
        (TaskType.COMPENSATE, {}, True),
        (TaskType.QUERY, {}, False),
        (TaskType.VALIDATE, {}, False),
        (TaskType.TRANSFORM, {}, False),
        (TaskType.BUILD, {"compensation": "none"}, False),
        (TaskType.QUERY, {"compensation": "none"}, False),
        (TaskType.QUERY, {"compensation": "required"}, True),
        (TaskType.VALIDATE, {"compensation": "revoke"}, True),
        (TaskType.BUILD, {"compensation": ""}, True),
        (TaskType.QUERY, {"compensation": ""}, False),
    ],
)
def test_what_changes_nothing_needs_no_undoing(
    kind: TaskType, metadata: dict[str, Any], needed: bool
) -> None:
    """Unless the plan says otherwise."""
    assert needs_undoing(a_task("a", kind=kind, metadata=metadata)) is needed


def test_a_plan_with_nothing_to_undo_ends_at_once() -> None:
    """What it has read, it has read: some of it completed, none of it was undone."""
    story = begun(a_task("a", kind=TaskType.QUERY), a_task("b", after="a"))
    story.succeed("a")

    story.fail_for_good("b")

    assert story.execution.outcome is Outcome.PARTIAL
    assert story.stage("a") is Stage.COMPLETED


def test_harmless_tasks_are_left_out_of_the_undoing() -> None:
    """Only `a` and `c` had changed anything."""
    story = begun(
        a_task("a"),
        a_task("b", after="a", kind=TaskType.VALIDATE),
        a_task("c", after="b"),
        a_task("d", after="c"),
    )
    story.succeed("a", "b", "c")
    story.fail_for_good("d")

    story.succeed("undo c", "undo a")

    assert story.execution.outcome is Outcome.COMPENSATED
    assert story.stage("b") is Stage.COMPLETED


def test_a_compensation_is_a_ticket_like_any_other() -> None:
    """It is confirmed, may fail, and is tried again."""
    story = chain_that_failed()
    story.confirm("undo b")
    story.fail("undo b")
    assert story.stage("undo b") is Stage.BACKING_OFF

    story.wait(SECOND)
    story.succeed("undo b")

    assert story.ticket("undo b").attempt == 2
    assert story.stage("b") is Stage.COMPENSATED


def test_a_compensation_that_fails_for_good_ends_the_plan_failed() -> None:
    """What it was for still stands, nothing further is touched, and a person is asked for."""
    story = chain_that_failed()

    story.fail_for_good("undo b", "no route to host")

    assert story.execution.outcome is Outcome.FAILED
    assert story.stages() == {
        "a": Stage.COMPLETED,
        "b": Stage.COMPLETED,
        "c": Stage.FAILED,
        "undo b": Stage.FAILED,
        "undo a": Stage.SKIPPED,
    }
    assert story.ticket("undo a").error == "not undone: undoing b failed"
    incident = story.incidents[-1]
    assert incident.escalation_required
    assert not incident.auto_remediation_enabled
    assert incident.severity == "CRITICAL"
    assert incident.details == (
        "task b failed for good at attempt 1: no route to host",
        "this was a compensation: a person must undo what the task had done",
    )


def test_a_plan_half_undone_is_failed() -> None:
    """Some of it was undone, some was not: that is the worst of all outcomes."""
    story = chain_that_failed()
    story.succeed("undo b")

    story.fail_for_good("undo a")

    assert story.execution.outcome is Outcome.FAILED
    assert story.stage("b") is Stage.COMPENSATED
    assert story.stage("a") is Stage.COMPLETED


def test_a_compensation_needs_the_skills_of_its_original() -> None:
    """Whoever deployed it can take it down."""
    story = begun(a_task("a", required_capabilities=("k8s",)), a_task("b", after="a"))
    story.succeed("a")
    story.workers()

    story.fail_for_good("b")

    assert story.stage("undo a") is Stage.STARVED
