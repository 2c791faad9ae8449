"""C5: where failures are isolated, every branch that does not depend on the failure runs."""

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.plans import a_task
from tests.support.story import Story, begun

ISOLATE = Policy(failure_policy=FailurePolicy.ISOLATE)


def branched() -> Story:
    """Return a plan of two branches that join in the end: `a` → `b` and `c` → `d`, then `e`."""
    return begun(
        a_task("a"),
        a_task("b", after="a"),
        a_task("c"),
        a_task("d", after="c"),
        a_task("e", after="b d"),
        policy=ISOLATE,
    )


def test_what_depends_on_the_failure_is_skipped() -> None:
    """Near and far."""
    story = branched()

    story.fail_for_good("a")

    assert story.stages() == {
        "a": Stage.FAILED,
        "b": Stage.SKIPPED,
        "c": Stage.PUBLISHING,
        "d": Stage.WAITING,
        "e": Stage.SKIPPED,
    }
    assert story.ticket("e").error == "not run: task a failed"
    assert story.state.phase is Phase.RUNNING


def test_the_other_branches_run_to_their_end() -> None:
    """And the plan ends PARTIAL, with nothing undone."""
    story = branched()
    story.fail_for_good("a")

    story.succeed("c", "d")

    assert story.execution.outcome is Outcome.PARTIAL
    assert story.stage("d") is Stage.COMPLETED


def test_a_second_failure_skips_nothing_twice() -> None:
    """The join was skipped already."""
    story = branched()
    story.fail_for_good("a")
    story.succeed("c")

    story.fail_for_good("d")

    assert story.ticket("e").error == "not run: task a failed"
    assert story.execution.outcome is Outcome.PARTIAL


def test_nothing_completed_is_failed() -> None:
    """There is no part to speak of."""
    story = branched()
    story.fail_for_good("a")

    story.fail_for_good("c")

    assert story.execution.outcome is Outcome.FAILED


def test_each_failure_for_good_is_an_incident() -> None:
    """They are two causes."""
    story = branched()
    story.fail_for_good("a")

    story.fail_for_good("c")

    assert [incident.affected_tickets for incident in story.incidents] == [
        (story.ticket("a").ticket_id,),
        (story.ticket("c").ticket_id,),
    ]
