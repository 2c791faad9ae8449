"""C4: a ticket's life told fact by fact, and which answers count."""

import pytest

from orchestrator_dynamic.core.commands import Fate, PublishTickets, RecordAnswer, RecordTickets
from orchestrator_dynamic.core.facts import TicketsPublished
from orchestrator_dynamic.core.ticket import Stage
from tests.support.messages import NOON
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun


def test_a_ticket_is_recorded_before_it_is_published() -> None:
    """If the audit store is down, tickets wait: nothing goes out that nobody has written down."""
    story = begun(a_task("a"))

    kinds = [command.kind for command in story.latest]

    assert story.all(RecordTickets) == [RecordTickets((0,))]
    assert story.all(PublishTickets) == [PublishTickets(((0, 1),))]
    assert kinds.index("record_tickets") < kinds.index("publish_tickets")


def test_the_brokers_word_makes_it_running() -> None:
    """Until then nobody knows whether anybody can have it."""
    story = begun(a_task("a"))
    assert story.stage("a") is Stage.PUBLISHING
    story.wait(SECOND)

    story.confirm("a")

    assert story.stage("a") is Stage.RUNNING
    assert story.ticket("a").published_at == NOON + SECOND
    assert story.latest == [RecordTickets((0,))]


def test_the_brokers_word_about_another_attempt_means_nothing() -> None:
    """The first attempt's confirmation comes late, when the second is being published."""
    story = begun(a_task("a"))
    story.fail("a")
    story.wait(SECOND)

    story.tell(TicketsPublished(at=story.now, tickets=((0, 1),)))

    assert story.stage("a") is Stage.PUBLISHING
    assert story.latest == []


def test_the_brokers_word_counts_once() -> None:
    """The time limit does not begin again because the broker repeats itself."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.wait(SECOND)

    story.confirm("a")

    assert story.ticket("a").published_at == NOON
    assert story.latest == []


def test_a_bus_that_hands_tickets_to_workers_says_who_has_them() -> None:
    """Then the work has begun with the hand-over, and each ticket knows its worker."""
    story = begun(a_task("a"), a_task("b"))
    story.wait(SECOND)

    story.confirm("b", "a", agents=("w-7", "w-8"))

    assert [story.ticket(name).agent for name in "ab"] == ["w-8", "w-7"]
    assert story.ticket("a").started_at == NOON + SECOND
    assert story.ticket("a").run_until == NOON + SECOND + 3 * MINUTE
    story.wait(SECOND)
    story.start("a")
    assert story.ticket("a").started_at == NOON + SECOND


def test_a_success_completes_it_and_frees_what_waits_for_it() -> None:
    """Waiting for results is the product."""
    story = begun(a_task("a"), a_task("b", after="a"), a_task("c", after="a b"))
    assert story.released() == ["a"]

    story.succeed("a")

    assert story.stage("a") is Stage.COMPLETED
    assert story.ticket("a").agent == "w-1"
    assert story.released(story.latest) == ["b"]
    assert story.stage("c") is Stage.WAITING


def test_a_join_waits_for_all_of_its_branches() -> None:
    """The last one opens it."""
    story = begun(a_task("a"), a_task("b"), a_task("c", after="a b"))
    story.succeed("b")
    assert story.stage("c") is Stage.WAITING

    story.succeed("a")

    assert story.released(story.latest) == ["c"]


def test_a_quick_worker_may_answer_before_the_broker() -> None:
    """The answer counts; the confirmation that comes after it changes nothing."""
    story = begun(a_task("a"), a_task("b"))

    story.succeed("a")
    story.confirm("a")

    assert story.stage("a") is Stage.COMPLETED
    assert story.ticket("a").published_at is None
    assert story.latest == []


def test_the_first_sign_of_life_is_noted() -> None:
    """Who works on it, and since when."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.wait(3 * SECOND)

    story.start("a")

    assert story.ticket("a").started_at == NOON + 3 * SECOND
    assert story.ticket("a").agent == "w-1"
    assert story.latest == [RecordTickets((0,)), RecordAnswer(0, Fate.ACCEPTED)]


def test_later_signs_of_life_are_only_counted() -> None:
    """A heartbeat a second for an hour is not an hour of writing."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.start("a")
    story.wait(SECOND)

    story.start("a")

    assert story.ticket("a").started_at == NOON
    assert story.latest == [RecordAnswer(0, Fate.ACCEPTED)]


def test_three_times_are_kept_apart() -> None:
    """From ready to published, to the first sign of life, and the run itself."""
    story = begun(a_task("a"))
    story.wait(1 * SECOND)
    story.confirm("a")
    story.wait(2 * SECOND)
    story.start("a")
    story.wait(4 * SECOND)
    story.succeed("a")

    ticket = story.ticket("a")

    assert (ticket.ready_at, ticket.published_at) == (NOON, NOON + 1 * SECOND)
    assert ticket.started_at == NOON + 3 * SECOND
    assert ticket.run_ms == 4 * SECOND
    assert story.state.queue_ms == 1 * SECOND
    assert story.state.execution_ms == 4 * SECOND


def test_a_run_without_a_sign_of_life_counts_from_its_publication() -> None:
    """Many workers say nothing until they are done."""
    story = begun(a_task("a"))
    story.wait(SECOND)
    story.confirm("a")
    story.wait(4 * SECOND)

    story.succeed("a")

    assert story.ticket("a").run_ms == 4 * SECOND


def twice_attempted() -> Story:
    """Return the story of a ticket whose second attempt runs."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.confirm("a")
    story.fail("a")
    story.wait(SECOND)
    story.confirm("a")
    assert story.ticket("a").attempt == 2
    return story


@pytest.mark.parametrize("attempt", [0, 1, 3])
def test_an_answer_about_another_attempt_changes_nothing(attempt: int) -> None:
    """The attempt fences it: an old worker must not end a new worker's ticket."""
    story = twice_attempted()

    story.succeed("a", attempt=attempt)

    assert story.latest == [RecordAnswer(0, Fate.STALE)]
    assert story.stage("a") is Stage.RUNNING


def test_an_answer_that_echoes_no_attempt_is_about_the_present_one() -> None:
    """Many workers know nothing of attempts."""
    story = twice_attempted()

    story.succeed("a", attempt=None)

    assert story.stage("a") is Stage.COMPLETED


def test_a_repeated_answer_changes_nothing() -> None:
    """And is counted as what it is."""
    story = begun(a_task("a"), a_task("b"))
    story.succeed("a")

    story.succeed("a")
    story.fail("a")

    assert story.stage("a") is Stage.COMPLETED
    assert story.fates == [Fate.ACCEPTED, Fate.REPEATED, Fate.REPEATED]


def test_an_answer_to_a_ticket_that_waits_for_its_retry_is_stale() -> None:
    """Its attempt has failed; the next one has not begun."""
    story = begun(a_task("a"))
    story.fail("a")

    story.succeed("a", attempt=None)

    assert story.stage("a") is Stage.BACKING_OFF
    assert story.fates[-1] is Fate.STALE


def test_an_answer_to_a_ticket_that_has_not_gone_out_is_stale() -> None:
    """Nobody can have worked on it."""
    story = begun(a_task("a"), a_task("b", after="a"))

    story.succeed("b", attempt=None)

    assert story.stage("b") is Stage.WAITING
    assert story.fates[-1] is Fate.STALE


def test_an_answer_to_a_ticket_that_was_given_up_is_too_late() -> None:
    """Its plan was cancelled, or went on without it."""
    story = begun(a_task("a"), a_task("b"), a_task("c", after="b"))
    story.fail_for_good("b")
    story.succeed("c", attempt=None)
    assert story.fates[-1] is Fate.TOO_LATE
    story = begun(a_task("a"))
    story.cancel()
    story.wait(MINUTE)

    story.succeed("a")

    assert story.stage("a") is Stage.CANCELLED
    assert story.fates[-1] is Fate.TOO_LATE


def test_an_answer_to_what_is_being_undone_is_a_repetition() -> None:
    """It had completed; that is how it came to be undone."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.succeed("a")
    story.fail_for_good("b")
    assert story.stage("a") is Stage.COMPENSATING

    story.succeed("a")

    assert story.stage("a") is Stage.COMPENSATING
    assert story.fates[-1] is Fate.REPEATED
