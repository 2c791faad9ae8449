"""C4: cancelling releases nothing more, tells the workers, and ends the plan in bounded time."""

from orchestrator_dynamic.core.commands import PublishTickets, RequestCancellation
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.explanation import why_plan
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.messages import NOON
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun

GRACE = 30 * SECOND


def under_way() -> Story:
    """Return a plan with one ticket completed, two out, one backing off and one waiting."""
    story = begun(
        a_task("done"),
        a_task("out"),
        a_task("handed"),
        a_task("failing"),
        a_task("later", after="out"),
    )
    story.confirm("out")
    story.succeed("done")
    story.fail("failing")
    return story


def test_what_is_not_out_is_cancelled_at_once() -> None:
    """Nothing more is released."""
    story = under_way()

    story.cancel(by="ann", reason="wrong plan")

    assert story.state.phase is Phase.CANCELLING
    assert story.stages() == {
        "done": Stage.COMPLETED,
        "out": Stage.RUNNING,
        "handed": Stage.PUBLISHING,
        "failing": Stage.CANCELLED,
        "later": Stage.CANCELLED,
    }
    assert story.ticket("later").error == "cancelled by ann: wrong plan"
    assert story.ticket("failing").error == "it broke"
    assert story.audited("plan_cancelled") == [{"actor": "ann", "reason": "wrong plan"}]


def test_whoever_holds_a_ticket_is_told_to_stop() -> None:
    """By attempt, so that a worker knows which of its works is meant."""
    story = under_way()

    story.cancel()

    assert story.all(RequestCancellation) == [RequestCancellation(((1, 1), (2, 1)))]


def test_nobody_is_told_where_nobody_holds_anything() -> None:
    """And the plan ends at once."""
    story = begun(a_task("a"))
    story.fail("a")

    story.cancel()

    assert story.all(RequestCancellation) == []
    assert story.execution.outcome is Outcome.CANCELLED


def test_the_plan_ends_as_soon_as_everybody_has_answered() -> None:
    """An answer counts as what it is; a failure is part of the cancelling."""
    story = under_way()
    story.cancel()

    story.succeed("out")
    assert not story.ended
    story.fail("handed")

    assert story.execution.outcome is Outcome.CANCELLED
    assert story.stage("out") is Stage.COMPLETED
    assert story.stage("handed") is Stage.CANCELLED
    assert story.incidents == []


def test_the_plan_ends_after_its_grace_whoever_is_silent() -> None:
    """Thirty seconds by default, and not a moment earlier."""
    story = under_way()
    story.cancel()

    story.wait(GRACE - 1)
    assert not story.ended
    story.wait(1)

    assert Policy().cancel_grace_ms == GRACE
    assert story.execution.outcome is Outcome.CANCELLED
    assert story.state.ended_at == NOON + GRACE
    assert story.stage("out") is Stage.CANCELLED
    assert story.ticket("out").error == "cancelled; its worker did not answer in time"


def test_the_alarm_is_set_for_the_end_of_the_grace() -> None:
    """Nobody else would wake the plan up."""
    story = under_way()

    story.cancel()

    assert story.execution.alarm == NOON + GRACE


def test_a_timeout_within_the_grace_ends_an_attempt_for_good() -> None:
    """There is no other attempt, no incident and no violation: the deadline is cancelled too."""
    story = begun(a_task("a"), a_task("b"))
    story.confirm("a")
    story.wait(3 * MINUTE - SECOND)
    told = len(story.violations), len(story.alerts), len(story.incidents)
    story.cancel()

    story.wait(SECOND)

    assert story.stage("a") is Stage.CANCELLED
    assert (len(story.violations), len(story.alerts), len(story.incidents)) == told
    assert not story.ended


def test_a_cancelled_deadline_neither_warns_nor_is_violated() -> None:
    """Nobody wants it to be met any more: neither the ticket's nor the plan's."""
    story = begun(
        a_task("a"), policy=Policy(plan_timeout_ms=2 * MINUTE, cancel_grace_ms=60 * MINUTE)
    )
    story.cancel()

    story.wait(59 * MINUTE)

    assert story.state.phase is Phase.CANCELLING
    assert (story.alerts, story.violations, story.incidents) == ([], [], [])


def test_nothing_is_undone() -> None:
    """Cancelling leaves what has completed as it is."""
    story = under_way()
    story.cancel()

    story.wait(GRACE)

    assert story.stage("done") is Stage.COMPLETED
    assert len(story.state.tickets) == 5


def test_cancelling_again_changes_nothing() -> None:
    """The grace does not begin anew."""
    story = under_way()
    story.cancel()
    story.wait(SECOND)

    story.cancel()

    assert story.latest == []
    assert story.state.cancel_until == NOON + GRACE


def test_a_plan_that_drains_can_be_cancelled() -> None:
    """Then nothing is undone: that is what cancelling means."""
    story = begun(a_task("a"), a_task("b"), a_task("c"))
    story.succeed("a")
    story.fail_for_good("b")
    assert story.state.phase is Phase.DRAINING

    story.cancel(by="ann")
    story.succeed("c")

    assert story.execution.outcome is Outcome.CANCELLED
    assert story.stage("a") is Stage.COMPLETED
    assert why_plan(story.state) == "ended CANCELLED: cancelled by ann"


def test_a_plan_that_is_undone_cannot_be_cancelled() -> None:
    """Half undone helps nobody; the wish is kept in the audit, once."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")

    story.cancel(by="ann")
    story.cancel(by="ann")

    assert story.state.phase is Phase.COMPENSATING
    assert story.audited("cancel_ignored") == [
        {"actor": "ann", "reason": "the plan is being compensated"}
    ]
    story.succeed("undo a")
    assert story.execution.outcome is Outcome.COMPENSATED


def test_a_paused_plan_can_be_cancelled() -> None:
    """Nobody has to resume it first."""
    story = under_way()
    story.pause()
    story.cancel()

    story.wait(GRACE)

    assert story.execution.outcome is Outcome.CANCELLED


def test_an_ended_plan_cannot_be_cancelled() -> None:
    """Its outcome has been told."""
    story = begun(a_task("a"))
    story.succeed("a")

    story.cancel()

    assert story.latest == []
    assert story.execution.outcome is Outcome.SUCCESS


def test_nothing_goes_out_while_cancelling() -> None:
    """Not even what a completed ticket would free."""
    story = under_way()
    story.cancel()

    story.succeed("out")

    assert not any(isinstance(command, PublishTickets) for command in story.latest)
