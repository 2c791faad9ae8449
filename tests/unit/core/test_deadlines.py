"""The alarm: each plan asks for one moment, the earliest at which time alone changes anything."""

from orchestrator_dynamic.core.due_queue import DueQueue
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ready_queue import ReadyQueue
from orchestrator_dynamic.core.ticket import Stage
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun


def test_a_plan_that_has_not_begun_needs_no_alarm() -> None:
    """Nothing is known of it but its decision."""
    assert Story(a_decision(a_plan(a_task("a")))).execution.alarm is None


def test_an_ended_plan_needs_no_alarm() -> None:
    """Time changes nothing any more."""
    story = begun(a_task("a"))

    story.succeed("a")

    assert story.execution.alarm is None


def test_the_next_alarm_is_the_earliest_of_all() -> None:
    """Here the half-time of `quick`, then of `slow`; one timer is enough for any plan."""
    story = begun(
        a_task("quick", estimated_duration_ms=20_000),
        a_task("slow", estimated_duration_ms=200_000),
    )
    assert story.execution.alarm == NOON + 30 * SECOND

    story.succeed("quick")

    assert story.execution.alarm == NOON + 300 * SECOND


def test_each_milestone_asks_for_the_next() -> None:
    """Half, four fifths, all of it; then only the plan's own deadline is left."""
    story = begun(a_task("a"))
    asked: list[int | None] = [story.execution.alarm]
    for _ in range(3):
        story.wait((story.execution.alarm or 0) - story.now)
        asked.append(story.execution.alarm)

    assert asked == [
        NOON + 90 * SECOND,
        NOON + 144 * SECOND,
        NOON + 180 * SECOND,
        NOON + 48 * MINUTE,
    ]


def test_a_time_limit_is_an_alarm() -> None:
    """It may come after the last milestone, when the ticket has waited for the broker."""
    story = begun(a_task("a"))
    story.wait(MINUTE)
    story.confirm("a")
    story.wait(2 * MINUTE)

    assert story.execution.alarm == NOON + 4 * MINUTE


def test_a_retry_is_an_alarm() -> None:
    """Nobody else would begin it."""
    story = begun(a_task("a"))

    story.fail("a", chance=0.0)

    assert story.execution.alarm == NOON + 800


def test_patience_is_an_alarm() -> None:
    """Until it has ended."""
    story = begun(a_task("a"), a_task("b", after="a"), policy=Policy(capability_patience_ms=1_000))
    story.workers()
    story.succeed("a")
    assert story.execution.alarm == NOON + 1_000

    story.wait(SECOND)

    assert story.execution.alarm == NOON + 90 * SECOND


def test_a_starved_ticket_whose_milestones_are_over_asks_for_nothing() -> None:
    """It waits for a worker, not for time; the plan's deadline is all that is left."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.workers()
    story.succeed("a")

    story.wait(5 * MINUTE)

    assert story.stage("b") is Stage.STARVED
    assert story.execution.alarm == NOON + 48 * MINUTE


def test_the_validity_of_a_step_that_waits_is_an_alarm() -> None:
    """One millisecond after its end."""
    story = begun(a_task("a"), valid_until=NOON + 1_000, destructive_tasks=("a",))
    story.wait(SECOND)

    assert story.stage("a") is Stage.AWAITING_APPROVAL
    assert story.execution.alarm == NOON + 1_001


def test_a_step_without_a_limit_waits_for_a_person_alone() -> None:
    """Only the plan's own deadline is an alarm."""
    story = begun(a_task("a"), destructive_tasks=("a",))

    assert story.execution.alarm == NOON + 48 * MINUTE


def test_the_validity_of_a_parked_plan_is_an_alarm() -> None:
    """And nothing else of it."""
    plan = a_plan(a_task("a"), requires_approval=True, valid_until=NOON + MINUTE)
    story = Story(a_decision(plan))

    story.accept()

    assert story.execution.alarm == NOON + MINUTE + 1


def test_an_alarm_that_rings_early_changes_nothing() -> None:
    """Clocks of drivers are not exact, and some wake up for nothing."""
    story = begun(a_task("a"))

    story.oversleep(SECOND)

    assert story.latest == []
    assert story.execution.alarm == NOON + 90 * SECOND


def test_an_alarm_of_an_older_attempt_changes_nothing() -> None:
    """Its moments went with it."""
    story = begun(a_task("a"))
    story.confirm("a")
    story.fail("a")
    story.wait(SECOND)

    story.wait(89 * SECOND)

    assert story.ticket("a").sla_step == 0
    assert story.execution.alarm == NOON + 91 * SECOND


def test_the_due_queue_forgets_what_was_set_anew() -> None:
    """Only a ticket's present moment counts; what is out of date costs nothing."""
    story = begun(a_task("a"), a_task("b"))
    tickets, queue = story.state.tickets, DueQueue()
    for ticket in tickets:
        ticket.due = 0
    queue.set(tickets[0], 10)
    queue.set(tickets[1], 20)
    queue.set(tickets[0], 30)
    assert queue.earliest(tickets) == 20

    queue.set(tickets[1], None)

    assert [ticket.number for ticket in queue.take_until(30, tickets)] == [0]
    assert queue.earliest(tickets) is None


def test_the_due_queue_yields_the_earliest_first_and_what_becomes_due_meanwhile() -> None:
    """A moment that is set while the queue is read comes up in the same reading."""
    story = begun(a_task("a"), a_task("b"))
    tickets, queue = story.state.tickets, DueQueue()
    for ticket in tickets:
        ticket.due = 0
    queue.set(tickets[1], 10)
    queue.set(tickets[0], 20)
    seen: list[tuple[int, int]] = []

    for ticket in queue.take_until(25, tickets):
        seen.append((ticket.number, ticket.due))
        if len(seen) == 1:
            queue.set(ticket, 24)

    assert seen == [(1, 0), (0, 0), (1, 0)]


def test_the_ready_queue_drops_what_is_out_of_date() -> None:
    """A ticket that has left it, or has become more urgent since, stands there in vain."""
    story = begun(a_task("a"), policy=Policy(parallel_tickets_max=1))
    ticket, queue = story.ticket("a"), ReadyQueue()
    story.state.move(ticket, Stage.READY)
    ready_at = ticket.ready_at or 0
    queue.add((-ticket.score, 0, ready_at, 0))
    queue.add((-1.0, 0, ready_at, 0))
    queue.add((-ticket.score, 0, ready_at - 1, 0))

    assert queue.take([ticket]) is ticket
    assert queue.take([ticket]) is None
    queue.add((-ticket.score, 0, ready_at, 0))
    story.state.move(ticket, Stage.PUBLISHING)
    assert queue.take([ticket]) is None
