"""SLA: a warning at 80 % of a deadline, a violation when it has passed, each exactly once."""

from orchestrator_dynamic.core.derived_ids import derived_id
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.vocabulary import AlertType, ViolationType
from tests.support.messages import NOON
from tests.support.plans import MINUTE, SECOND, a_task
from tests.support.story import Story, begun

# A ticket without an estimate has three minutes: half is 90 s, the warning comes at 144 s.
LIMIT = 180_000


def of_tickets(story: Story) -> tuple[int, int]:
    """Return how many warnings and violations of tickets there were."""
    warnings = [alert for alert in story.alerts if "ticket_id" in alert.context]
    return len(warnings), len([v for v in story.violations if v.ticket_id])


def test_a_warning_comes_when_four_fifths_are_used() -> None:
    """While there still is time to do something."""
    story = begun(a_task("a"))
    story.wait(143_999)
    assert story.alerts == []

    story.wait(1)

    ticket = story.ticket("a").ticket_id
    assert story.alerts == [
        SlaAlert(
            alert_id=derived_id(story.state.workflow_id, "alert", ticket),
            alert_type=AlertType.DEADLINE_APPROACHING,
            severity="WARNING",
            service_name="orchestrator-dynamic",
            workflow_id=story.state.workflow_id,
            timestamp=NOON + 144_000,
            context={
                "plan_id": "plan-1",
                "deadline": str(NOON + LIMIT),
                "remaining_ms": "36000",
                "ticket_id": ticket,
            },
        )
    ]


def test_a_violation_comes_when_the_deadline_has_passed() -> None:
    """It says by how much, and that there is no completion yet."""
    story = begun(a_task("a"))
    story.wait(LIMIT - 1)
    assert story.violations == []

    story.wait(1)

    ticket = story.ticket("a").ticket_id
    assert story.violations == [
        SlaViolation(
            violation_id=derived_id(story.state.workflow_id, "violation", ticket),
            workflow_id=story.state.workflow_id,
            ticket_id=ticket,
            violation_type=ViolationType.DEADLINE_EXCEEDED,
            service_name="orchestrator-dynamic",
            sla_deadline=NOON + LIMIT,
            actual_completion=None,
            delay_ms=0,
            severity="HIGH",
            metadata={"plan_id": "plan-1"},
            timestamp=NOON + LIMIT,
        )
    ]
    assert story.state.sla_violations == 1


def test_each_is_told_once() -> None:
    """However long it goes on."""
    story = begun(a_task("a"))

    story.wait(30 * MINUTE)

    assert of_tickets(story) == (1, 1)


def test_a_timeout_is_a_violation_of_its_own_type() -> None:
    """An answer did not come, which is more than being late."""
    story = begun(a_task("a"))
    story.confirm("a")

    story.wait(LIMIT)

    assert [violation.violation_type for violation in story.violations] == [ViolationType.TIMEOUT]


def test_a_ticket_warns_and_violates_once_over_all_its_attempts() -> None:
    """Each attempt has a deadline of its own, but it is one promise."""
    story = begun(a_task("a"), policy=Policy(plan_timeout_ms=90 * MINUTE))
    story.confirm("a")
    story.wait(LIMIT + SECOND)
    story.confirm("a")
    assert story.ticket("a").attempt == 2

    story.wait(LIMIT)

    assert of_tickets(story) == (1, 1)


def test_a_ticket_that_met_its_deadline_is_never_told_of() -> None:
    """Neither while it runs nor later."""
    story = begun(a_task("a"), a_task("b"))
    story.wait(SECOND)
    story.succeed("a")

    story.wait(10 * MINUTE)

    told = {violation.ticket_id for violation in story.violations}
    assert story.ticket("a").ticket_id not in told
    assert not story.ticket("a").warned


def test_answering_in_the_last_moment_meets_the_deadline() -> None:
    """The alarm of that moment has not rung yet."""
    story = begun(a_task("a"), a_task("b"))
    story.now = NOON + LIMIT

    story.succeed("a")

    assert story.violations == []


def test_a_late_answer_is_a_violation_although_no_alarm_has_rung() -> None:
    """After an hour's outage the answers are heard before the clock is looked at."""
    story = begun(a_task("a"), a_task("b"))
    story.now = NOON + LIMIT + 7

    story.succeed("a")

    (violation,) = story.violations
    assert violation.ticket_id == story.ticket("a").ticket_id
    assert violation.violation_type is ViolationType.DEADLINE_EXCEEDED
    assert violation.delay_ms == 7
    assert violation.actual_completion == NOON + LIMIT + 7
    assert story.stage("a") is Stage.COMPLETED


def test_a_late_failure_is_a_violation_too() -> None:
    """It is not complete even now."""
    story = begun(a_task("a"))
    story.now = NOON + LIMIT + 7

    story.fail("a")

    (violation,) = story.violations
    assert violation.delay_ms == 7
    assert violation.actual_completion is None


def test_a_deadline_missed_and_warned_of_in_one_moment_is_only_missed() -> None:
    """A warning that comes after the fact helps nobody."""
    story = begun(a_task("a"))

    story.oversleep(LIMIT)

    assert of_tickets(story) == (0, 1)


def test_the_plan_has_a_deadline_of_its_own() -> None:
    """An hour from its start where the decision gives none; it is told of like a ticket's."""
    story = begun(a_task("a"), policy=Policy(parallel_tickets_max=1))
    story.pause()
    assert Policy().plan_timeout_ms == 3_600_000
    assert story.state.deadline_at == NOON + 60 * MINUTE

    story.wait(48 * MINUTE - 1)
    assert all("ticket_id" in alert.context for alert in story.alerts)
    story.wait(1)
    assert story.alerts[-1].context == {
        "plan_id": "plan-1",
        "deadline": str(NOON + 60 * MINUTE),
        "remaining_ms": str(12 * MINUTE),
    }
    assert story.alerts[-1].alert_id == derived_id(story.state.workflow_id, "alert", "plan")
    story.wait(12 * MINUTE)

    violation = story.violations[-1]
    assert violation.ticket_id is None
    assert violation.severity == "CRITICAL"
    assert violation.violation_id == derived_id(story.state.workflow_id, "violation", "plan")
    assert story.incidents[-1].details == (
        f"plan plan-1 was due at {NOON + 60 * MINUTE} (epoch ms) and is 0 ms late",
    )
    story.wait(10 * 60 * MINUTE)
    assert len([v for v in story.violations if v.ticket_id is None]) == 1


def test_the_plans_deadline_is_its_validity_where_it_has_one() -> None:
    """Whoever wrote the decision knows until when it is worth having."""
    story = begun(a_task("a"), valid_until=NOON + 10 * MINUTE)

    assert story.state.deadline_at == NOON + 10 * MINUTE
    story.wait(8 * MINUTE)

    assert "ticket_id" not in story.alerts[-1].context


def test_a_plan_that_met_its_deadline_is_never_told_of() -> None:
    """An ended plan has no alarm."""
    story = begun(a_task("a"))
    story.succeed("a")

    story.wait(90 * MINUTE)

    assert (story.alerts, story.violations) == ([], [])


def test_a_plan_that_ends_late_is_told_of_although_no_alarm_has_rung() -> None:
    """Its last answer is the first that anybody hears after the deadline."""
    story = begun(a_task("a"), policy=Policy(plan_timeout_ms=MINUTE))
    story.now = NOON + MINUTE + 5

    story.succeed("a")

    (violation,) = story.violations
    assert violation.ticket_id is None
    assert violation.delay_ms == 5
    assert violation.actual_completion == NOON + MINUTE + 5
    assert story.latest[-1].kind == "end_plan"


def test_a_plan_that_ends_on_time_is_not() -> None:
    """Its deadline is the last moment that counts."""
    story = begun(a_task("a"), policy=Policy(plan_timeout_ms=MINUTE))
    story.now = NOON + MINUTE

    story.succeed("a")

    assert story.violations == []


def test_the_share_of_a_warning_is_the_policys() -> None:
    """Some want to know earlier."""
    story = begun(a_task("a"), policy=Policy(warning_share=0.6))

    story.wait(round(LIMIT * 0.6))

    assert of_tickets(story) == (1, 0)
