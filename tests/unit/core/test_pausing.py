"""C4: pausing stops releasing, and nothing else."""

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.messages import a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun


def test_a_paused_plan_releases_nothing() -> None:
    """What becomes ready waits."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.pause(by="ann", reason="lunch")

    story.succeed("a")

    assert story.stage("b") is Stage.READY
    assert story.released() == ["a"]
    assert story.audited("plan_paused") == [{"actor": "ann", "reason": "lunch"}]


def test_resuming_releases_what_has_become_ready() -> None:
    """At once, and in the order of the scheduling policy."""
    story = begun(a_task("a"), a_task("b", after="a"), a_task("c", after="a"))
    story.pause()
    story.succeed("a")

    story.resume(by="bob")

    assert story.released(story.latest) == ["b", "c"]
    assert story.audited("plan_resumed") == [{"actor": "bob", "reason": ""}]


def test_what_is_out_goes_on() -> None:
    """Its answer counts, its time-out rings, and its retry waits for the plan to be resumed."""
    story = begun(a_task("a"), a_task("b"))
    story.confirm("a")
    story.pause()

    story.wait(3 * MINUTE)
    assert story.stage("a") is Stage.BACKING_OFF
    story.wait(5 * SECOND)

    assert story.stage("a") is Stage.READY
    assert story.ticket("a").attempt == 2


def test_a_plan_may_end_while_it_is_paused() -> None:
    """There is nothing left to hold back."""
    story = begun(a_task("a"))
    story.pause()

    story.succeed("a")

    assert story.execution.outcome is Outcome.SUCCESS


def test_a_failure_while_paused_is_undone_after_the_pause() -> None:
    """Undoing releases tickets too."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.pause()

    story.fail_for_good("b")
    assert story.state.phase is Phase.DRAINING
    story.wait(MINUTE)
    assert story.released() == ["a", "b"]
    story.resume()

    assert story.released(story.latest) == ["undo a"]


def test_undoing_can_be_paused() -> None:
    """Between one compensation and the next."""
    story = begun(a_task("a"), a_task("b", after="a"), a_task("c", after="b"))
    story.succeed("a", "b")
    story.fail_for_good("c")
    story.pause()

    story.succeed("undo b")
    assert story.stage("undo a") is Stage.READY
    story.resume()

    assert story.released(story.latest) == ["undo a"]


def test_a_parked_plan_that_is_paused_starts_paused() -> None:
    """Approving is one decision, resuming another."""
    story = Story(a_decision(a_plan(a_task("a"), requires_approval=True)))
    story.accept()
    story.pause()

    story.approve()
    assert story.released() == []
    story.resume()

    assert story.released() == ["a"]


def test_pausing_twice_is_pausing_once() -> None:
    """And one resumption ends it."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.pause()
    story.pause()
    assert story.latest == []
    story.succeed("a")

    story.resume()
    story.resume()

    assert story.latest == []
    assert story.released() == ["a", "b"]


def test_an_ended_plan_is_not_paused() -> None:
    """There is nothing to pause, and nothing is written about it."""
    story = begun(a_task("a"))
    story.succeed("a")

    story.pause()

    assert story.latest == []
    assert not story.state.paused


def test_deadlines_go_on_while_paused() -> None:
    """Whoever waits for the plan does not wait less because somebody has paused it."""
    story = begun(a_task("a"), policy=Policy(plan_timeout_ms=10 * MINUTE))
    story.pause()

    story.wait(10 * MINUTE)

    assert [violation.ticket_id for violation in story.violations] == [
        story.ticket("a").ticket_id,
        None,
    ]
