"""Approval: what a person's word does to a parked plan, and to steps that wait for it."""

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.explanation import why_plan
from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun

LIMIT = NOON + 10 * MINUTE


def parked(valid_until: int | None = None, **plan: object) -> Story:
    """Return the story of a plan of two tasks that waits for a person."""
    fields = {"requires_approval": True, "valid_until": valid_until, **plan}
    story = Story(a_decision(a_plan(a_task("a"), a_task("b", after="a"), **fields)))
    story.accept()
    return story


def test_approving_a_parked_plan_starts_it() -> None:
    """Its time begins now: who waited long for a person is not late for that."""
    story = parked()
    story.wait(30 * MINUTE)

    story.approve(by="ann", reason="looks right")

    assert story.state.phase is Phase.RUNNING
    assert story.state.started_at == NOON + 30 * MINUTE
    assert story.released() == ["a"]
    assert story.audited("plan_approved") == [{"actor": "ann", "reason": "looks right"}]


def test_an_approved_plan_tells_its_own_end() -> None:
    """Why it once was parked is not why it succeeded."""
    story = parked()
    story.approve()

    story.succeed("a", "b")

    assert story.execution.outcome is Outcome.SUCCESS
    assert why_plan(story.state) == "ended SUCCESS: every ticket has ended"


def test_refusing_a_parked_plan_ends_it_rejected() -> None:
    """And it is told who refused it."""
    story = parked()

    story.refuse(by="bob", reason="not on a Friday")

    assert story.execution.outcome is Outcome.REJECTED
    assert story.released() == []
    assert story.audited("plan_refused") == [{"actor": "bob", "reason": "not on a Friday"}]
    assert why_plan(story.state) == "ended REJECTED: refused by bob"


def test_cancelling_a_parked_plan_ends_it_cancelled() -> None:
    """There is nobody to wait for."""
    story = parked()

    story.cancel(by="ann", reason="enough")

    assert story.execution.outcome is Outcome.CANCELLED
    assert why_plan(story.state) == "ended CANCELLED: cancelled by ann: enough"


def test_a_parked_plan_expires_by_itself() -> None:
    """One millisecond after its last: until then somebody may still approve it."""
    story = parked(valid_until=LIMIT)
    story.wait(LIMIT - NOON)
    assert not story.ended

    story.wait(1)

    assert story.execution.outcome is Outcome.EXPIRED
    assert story.state.ended_at == LIMIT + 1
    assert story.audited("plan_expired") == [{"actor": "orchestrator"}]
    assert "expired while it waited for approval" in why_plan(story.state)


def test_an_alarm_that_rings_early_expires_nothing() -> None:
    """Until its last moment somebody may still approve it."""
    story = parked(valid_until=LIMIT)

    story.oversleep(LIMIT - NOON)

    assert story.state.phase is Phase.AWAITING_APPROVAL


def test_a_parked_plan_without_a_limit_waits_for_ever() -> None:
    """Time alone decides nothing here, so no alarm is asked for."""
    assert parked().execution.alarm is None


def test_expiry_is_checked_again_when_somebody_approves() -> None:
    """What was valid when it was parked may be stale now, and no alarm has said so yet."""
    story = parked(valid_until=LIMIT)
    story.now = LIMIT + 1

    story.approve(by="ann")

    assert story.execution.outcome is Outcome.EXPIRED
    assert story.released() == []
    assert story.audited("approval_came_too_late") == [{"actor": "ann", "reason": ""}]


def test_an_approval_in_the_last_moment_counts() -> None:
    """Valid until means valid at."""
    story = parked(valid_until=LIMIT)
    story.now = LIMIT

    story.approve()

    assert story.state.phase is Phase.RUNNING


def test_approving_a_plan_approves_its_destructive_steps() -> None:
    """A person who saw the whole plan is not asked again for each of its parts."""
    story = parked(destructive_tasks=("a", "b"))

    story.approve()
    story.succeed("a")

    assert story.released() == ["a", "b"]


def gated(policy: Policy | None = None, **plan: object) -> Story:
    """Return a running plan whose tasks `b` and `c` want approval at their turn, after `a`."""
    return begun(
        a_task("a"),
        a_task("b", after="a"),
        a_task("c", after="a"),
        a_task("d", after="b"),
        a_task("e"),
        policy=policy,
        **{"destructive_tasks": ("b", "c"), **plan},
    )


def test_a_destructive_step_waits_at_its_turn() -> None:
    """Everything before it and beside it runs; the step asks when it is due, not before."""
    story = gated()
    assert story.stage("b") is Stage.WAITING

    story.succeed("a")

    assert story.stage("b") is Stage.AWAITING_APPROVAL
    assert story.released() == ["a", "e"]
    assert story.audited("step_awaits_approval") == [
        {"actor": "orchestrator", "task_id": "b"},
        {"actor": "orchestrator", "task_id": "c"},
    ]


def test_a_step_can_be_approved_alone() -> None:
    """Only the step that was named goes out."""
    story = gated()
    story.succeed("a")

    story.approve("b", by="ann", reason="fine")

    assert story.released(story.latest) == ["b"]
    assert story.stage("c") is Stage.AWAITING_APPROVAL
    assert story.audited("step_approved") == [{"actor": "ann", "task_id": "b", "reason": "fine"}]


def test_approving_without_names_approves_all_steps_that_wait_now() -> None:
    """In the order of their numbers."""
    story = gated()
    story.succeed("a")

    story.approve()

    assert story.released(story.latest) == ["b", "c"]


def test_a_step_is_not_approved_before_it_asks() -> None:
    """What it will be asked about is not known yet."""
    story = gated()

    story.approve("b")
    story.succeed("a")

    assert story.stage("b") is Stage.AWAITING_APPROVAL


def test_a_refused_step_fails_and_the_plan_with_it() -> None:
    """A refusal is a failure for good: what had completed is undone."""
    story = gated()
    story.succeed("a", "e")

    story.refuse("b", by="bob", reason="too risky")

    assert story.stage("b") is Stage.FAILED
    assert story.ticket("b").error == "approval was refused by bob: too risky"
    assert story.stage("c") is Stage.SKIPPED
    assert story.state.phase is Phase.COMPENSATING
    assert story.incidents == []
    assert story.audited("step_refused") == [
        {"actor": "bob", "task_id": "b", "reason": "too risky"}
    ]


def test_a_refused_step_takes_only_its_branch_along_where_failures_are_isolated() -> None:
    """The others do not depend on it."""
    story = gated(Policy(failure_policy=FailurePolicy.ISOLATE))
    story.succeed("a")

    story.refuse("b", by="bob")

    assert story.ticket("b").error == "approval was refused by bob"
    assert story.stage("d") is Stage.SKIPPED
    assert story.stage("c") is Stage.AWAITING_APPROVAL


def test_a_step_fails_when_nobody_approves_it_while_the_plan_is_valid() -> None:
    """An approval given later would be an approval of something stale."""
    story = gated(Policy(failure_policy=FailurePolicy.ISOLATE), valid_until=NOON + 30 * SECOND)
    story.succeed("a", "e")

    story.wait(30 * SECOND)
    assert story.stage("b") is Stage.AWAITING_APPROVAL
    story.wait(1)

    assert story.stage("b") is Stage.FAILED
    assert story.ticket("b").error == "nobody approved this step while the plan was valid"
    assert story.audited("step_expired") == [
        {"actor": "orchestrator", "task_id": "b"},
        {"actor": "orchestrator", "task_id": "c"},
    ]
    assert story.execution.outcome is Outcome.PARTIAL


def test_approving_an_expired_step_fails_it() -> None:
    """Here too validity is checked again, although no alarm has rung."""
    story = gated(Policy(failure_policy=FailurePolicy.ISOLATE), valid_until=NOON + 30 * SECOND)
    story.succeed("a")
    story.now = NOON + 30 * SECOND + 1

    story.approve("b")

    assert story.stage("b") is Stage.FAILED
    assert story.all(commands.PublishTickets)[-1] not in story.latest


def test_approving_what_does_not_wait_changes_nothing() -> None:
    """Two people click the same button."""
    story = gated()
    story.succeed("a")
    story.approve("b")

    story.approve("b")

    assert story.latest == []
