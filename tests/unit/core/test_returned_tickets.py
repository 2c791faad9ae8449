"""C4: attempts whose holder is known to be gone go out again, as the same attempts."""

from orchestrator_dynamic.core.commands import Fate, PublishTickets
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.facts import TicketsReturned
from orchestrator_dynamic.core.policy import FailurePolicy, Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome
from tests.support.messages import NOON
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import begun


def test_an_attempt_that_came_back_goes_out_again() -> None:
    """It is no failure of anybody: no retry is used."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.start("a")

    story.give_back("a")

    assert story.latest[-1] == PublishTickets(((0, 1),))
    assert story.ticket("a").attempt == 1
    assert story.state.retries == 0


def test_a_return_heard_twice_is_one() -> None:
    """What is out again since must not be taken back by an echo."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.give_back("a")

    story.give_back("a")

    assert story.latest == []
    assert story.released() == ["a", "a"]


def test_an_attempt_may_come_back_more_than_once() -> None:
    """Workers restart as often as they like."""
    story = begun(a_task("a"))
    for _ in range(3):
        story.confirm("a")
        story.wait(SECOND)
        story.give_back("a")

    assert story.released() == ["a"] * 4
    assert story.ticket("a").attempt == 1


def test_its_times_begin_again() -> None:
    """But its deadline stays: it has been ready all the while."""
    story = begun(a_task("a"))
    story.wait(SECOND)
    story.confirm("a")
    story.start("a")
    story.wait(MINUTE)

    story.give_back("a")

    ticket = story.ticket("a")
    assert (ticket.published_at, ticket.started_at, ticket.run_until) == (None, None, None)
    assert ticket.deadline_at == NOON + 3 * MINUTE
    assert story.state.queue_ms == 0


def test_time_in_the_queue_counts_until_it_is_published_for_good() -> None:
    """The first publication was for nothing."""
    story = begun(a_task("a"))
    story.wait(SECOND)
    story.confirm("a")
    story.wait(SECOND)
    story.give_back("a")
    story.wait(SECOND)

    story.confirm("a")

    assert story.state.queue_ms == 3 * SECOND


def test_what_was_never_confirmed_can_come_back_too() -> None:
    """A restart does not know whether the bus had taken it."""
    story = begun(a_task("a"))

    story.give_back("a")

    assert story.latest[-1] == PublishTickets(((0, 1),))
    assert story.state.queue_ms == 0


def test_another_attempt_does_not_come_back() -> None:
    """The first is gone; the second is with somebody else."""
    story = begun(a_task("a"))
    story.fail("a")
    story.wait(SECOND)
    story.confirm("a")

    story.tell(TicketsReturned(at=story.now, tickets=((0, 1),)))

    assert story.latest == []
    assert story.stage("a") is Stage.RUNNING


def test_what_has_ended_does_not_come_back() -> None:
    """Its answer was heard before its worker went."""
    story = begun(a_task("a"), a_task("b"))
    story.succeed("a")

    story.give_back("a")

    assert story.latest == []
    assert story.stage("a") is Stage.COMPLETED


def test_while_paused_it_waits_for_its_turn() -> None:
    """A pause holds back whatever is not out."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.pause()

    story.give_back("a")
    assert story.stage("a") is Stage.READY
    story.resume()

    assert story.released(story.latest) == ["a"]


def test_while_cancelling_it_is_cancelled() -> None:
    """There is nobody left who could answer."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.cancel()

    story.give_back("a")

    assert story.stage("a") is Stage.CANCELLED
    assert story.execution.outcome is Outcome.CANCELLED


def test_while_the_plan_drains_it_fails() -> None:
    """It must not run again beside the undoing of what it was part of."""
    story = begun(a_task("a"), a_task("b"), a_task("c"))
    story.confirm()
    story.succeed("a")
    story.fail_for_good("b")
    assert story.state.phase is Phase.DRAINING

    story.give_back("c")

    assert story.stage("c") is Stage.FAILED
    assert story.ticket("c").error == "its worker was gone when the plan had failed"
    assert story.released(story.latest) == ["undo a"]


def test_a_plan_that_drains_with_nothing_to_undo_ends_when_the_last_comes_back() -> None:
    """Nothing is left that could wake it up."""
    story = begun(a_task("a"), a_task("b"))
    story.confirm()
    story.fail_for_good("a")

    story.give_back("b")

    assert story.execution.outcome is Outcome.FAILED


def test_other_branches_go_on_where_failures_are_isolated() -> None:
    """There what comes back goes out again."""
    story = begun(a_task("a"), a_task("b"), policy=Policy(failure_policy=FailurePolicy.ISOLATE))
    story.fail_for_good("a")

    story.give_back("b")

    assert story.released(story.latest) == ["b"]


def test_the_answer_of_the_one_who_was_thought_gone_is_stale_while_it_waits() -> None:
    """It is nobody's for the moment."""
    story = begun(a_task("a"))
    story.pause()
    story.give_back("a")

    story.succeed("a", attempt=1)

    assert story.fates == [Fate.STALE]
