"""C4: timeouts are timers of ours; a worker's silence is noticed without it."""

from orchestrator_dynamic.core.commands import Fate, PublishTickets
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.facts import TicketFailed
from orchestrator_dynamic.core.ticket import Stage
from tests.support.messages import NOON
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import begun

# What a ticket without an estimate may take.
LIMIT = 3 * MINUTE


def test_an_attempt_times_out_after_its_publication() -> None:
    """Its time begins when the bus has it: a slow broker must not eat the worker's time."""
    story = begun(a_task("a"))
    story.wait(MINUTE)
    story.confirm("a")
    assert story.ticket("a").run_until == NOON + MINUTE + LIMIT

    story.wait(LIMIT - 1)
    assert story.stage("a") is Stage.RUNNING
    story.wait(1)

    assert story.stage("a") is Stage.BACKING_OFF
    assert story.ticket("a").error == "no answer within 180000 ms"


def test_the_first_sign_of_life_gives_the_time_anew() -> None:
    """The queue in front of a worker must not eat its time either."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.wait(LIMIT - SECOND)

    story.start("a")
    story.wait(LIMIT - 1)
    assert story.stage("a") is Stage.RUNNING
    story.wait(1)

    assert story.stage("a") is Stage.BACKING_OFF


def test_later_signs_of_life_do_not() -> None:
    """A worker that beats for ever and never ends is as bad as a silent one."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.start("a")
    story.wait(LIMIT - SECOND)

    story.start("a")
    story.wait(SECOND)

    assert story.stage("a") is Stage.BACKING_OFF


def test_what_the_broker_has_not_taken_does_not_time_out() -> None:
    """No worker can be blamed for it; its deadline is missed all the same."""
    story = begun(a_task("a"))

    story.wait(10 * LIMIT)

    assert story.stage("a") is Stage.PUBLISHING
    assert story.ticket("a").violated


def test_a_sign_of_life_before_the_brokers_word_starts_the_clock() -> None:
    """Somebody has it, whatever the broker says."""
    story = begun(a_task("a"))
    story.start("a")

    story.wait(LIMIT)

    assert story.stage("a") is Stage.BACKING_OFF


def test_a_timed_out_attempt_is_published_again() -> None:
    """After the same wait as a failed one."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.wait(LIMIT)

    story.wait(SECOND)

    assert story.all(PublishTickets)[-1] == PublishTickets(((0, 2),))


def test_those_who_time_out_together_come_back_apart() -> None:
    """One alarm tells of all of them, yet each has its own share of chance."""
    story = begun(a_task("a"), a_task("b"), a_task("c"))
    story.confirm()

    story.wait(LIMIT)

    waits = {ticket.retry_at for ticket in story.tickets_in(Stage.BACKING_OFF)}
    assert len(waits) == 3


def test_an_answer_of_the_attempt_that_timed_out_is_stale() -> None:
    """It was given up; another one is on its way."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.wait(LIMIT + SECOND)
    assert story.ticket("a").attempt == 2

    story.succeed("a", attempt=1)

    assert story.fates == [Fate.STALE]
    assert story.stage("a") is Stage.PUBLISHING


def test_timeouts_exhausted_are_an_incident() -> None:
    """Of type TICKET_TIMEOUT, with its playbook, once; a violation of the deadline is another."""
    story = begun(a_task("a"), risk_band="low")
    story.confirm("a")
    story.wait(LIMIT + SECOND)
    story.confirm("a")

    story.wait(LIMIT)

    assert story.stage("a") is Stage.FAILED
    kinds = [incident.incident_type for incident in story.incidents]
    assert kinds == ["SLA_VIOLATION", "TICKET_TIMEOUT"]
    assert story.incidents[1].recommended_playbook == "ticket_timeout_recovery"
    assert story.incidents[1].details == (
        "task a failed for good at attempt 2: no answer within 180000 ms",
    )


def test_a_worker_may_notice_by_itself_that_its_time_is_up() -> None:
    """It answers before our alarm rings; the incident names the cause all the same."""
    story = begun(a_task("a"))
    fact = TicketFailed(
        at=story.now,
        ticket=0,
        attempt=1,
        agent="w-1",
        error="time is up",
        retryable=False,
        chance=0.5,
        timed_out=True,
    )

    story.tell(fact)

    assert story.incidents[-1].incident_type == "TICKET_TIMEOUT"


def test_timeouts_go_on_while_the_plan_drains() -> None:
    """What is in flight may end, but not take for ever."""
    story = begun(a_task("a"), a_task("b"), a_task("c", after="a"))
    story.confirm()
    story.fail_for_good("b")
    assert story.state.phase is Phase.DRAINING

    story.wait(LIMIT)

    assert story.stage("a") is Stage.FAILED
    assert story.execution.outcome == "FAILED"


def test_time_told_late_does_all_that_was_due() -> None:
    """Nobody was there to hear the alarm: the time-out and the violation are told at once."""
    story = begun(a_task("a"), a_task("b"))
    story.confirm()
    story.fail("b")

    story.oversleep(10 * LIMIT)

    assert story.stage("a") is Stage.BACKING_OFF
    assert story.ticket("b").attempt == 2
    assert story.alerts == []
    assert len([v for v in story.violations if v.ticket_id]) == 1
