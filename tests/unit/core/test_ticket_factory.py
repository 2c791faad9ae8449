"""C2: what a ticket says, and that everything in it follows from the decision and the policy."""

from uuid import NAMESPACE_DNS, uuid5

import pytest

from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket_factory import (
    QOS,
    RETRIES_MAX,
    TICKET_NAMESPACE,
    compensation_id_of,
    message_of,
    projected_deadline,
    ticket_id_of,
    timeout_of,
)
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import DecisionId, TaskId
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    RiskBand,
)
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, a_task
from tests.support.story import Story, begun

POLICY = Policy()


def message(story: Story, name: str) -> ExecutionTicket:
    """Return the message of a ticket as it is now."""
    return message_of(story.state, story.ticket(name).number)


def test_the_id_of_a_ticket_is_a_uuid5_of_decision_and_task() -> None:
    """A retry, a restart or a second replica makes the same tickets."""
    made = ticket_id_of(DecisionId("decision-1"), TaskId("a"))

    assert uuid5(NAMESPACE_DNS, "tickets.orchestrator-dynamic") == TICKET_NAMESPACE
    assert made == str(uuid5(TICKET_NAMESPACE, "decision-1\x1fa"))


def test_the_id_of_a_compensation_is_its_own() -> None:
    """It must not be taken for the ticket that it undoes."""
    made = compensation_id_of(DecisionId("decision-1"), TaskId("a"))

    assert made == str(uuid5(TICKET_NAMESPACE, "decision-1\x1fa\x1fcompensate"))


def test_ids_do_not_run_together() -> None:
    """Decision `a` with task `bc` is not decision `ab` with task `c`."""
    one = ticket_id_of(DecisionId("a"), TaskId("bc"))
    other = ticket_id_of(DecisionId("ab"), TaskId("c"))

    assert one != other


@pytest.mark.parametrize(
    ("estimate", "timeout_ms"),
    [
        (None, 180_000),
        (0, 180_000),
        (1, 60_000),
        (19_999, 60_000),
        (20_000, 60_000),
        (20_001, 60_003),
        (100_000, 300_000),
    ],
)
def test_a_timeout_is_three_times_the_estimate_and_never_below_a_minute(
    estimate: int | None, timeout_ms: int
) -> None:
    """An estimate that nobody knows counts as a minute."""
    task = a_task("a", estimated_duration_ms=estimate)

    assert timeout_of(task, POLICY) == timeout_ms


def test_the_numbers_of_a_timeout_are_the_policys() -> None:
    """An operator whose workers are slower says so once."""
    policy = Policy(ticket_timeout_min_ms=5_000, ticket_timeout_factor=1.5)

    assert timeout_of(a_task("a", estimated_duration_ms=7_000), policy) == 10_500
    assert timeout_of(a_task("a", estimated_duration_ms=1_000), policy) == 5_000
    assert timeout_of(a_task("a"), policy) == 7_500


@pytest.mark.parametrize(
    ("band", "retries"),
    [
        (RiskBand.CRITICAL, 5),
        (RiskBand.HIGH, 3),
        (RiskBand.MEDIUM, 2),
        (RiskBand.LOW, 1),
    ],
)
def test_the_risk_band_says_how_often_again(band: RiskBand, retries: int) -> None:
    """More is at stake, so more is tried; the message tells the worker."""
    story = begun(a_task("a"), risk_band=band)

    assert RETRIES_MAX[band] == retries
    assert message(story, "a").sla.max_retries == retries


@pytest.mark.parametrize(
    ("band", "delivery", "consistency"),
    [
        (RiskBand.CRITICAL, DeliveryMode.EXACTLY_ONCE, Consistency.STRONG),
        (RiskBand.HIGH, DeliveryMode.EXACTLY_ONCE, Consistency.STRONG),
        (RiskBand.MEDIUM, DeliveryMode.AT_LEAST_ONCE, Consistency.EVENTUAL),
        (RiskBand.LOW, DeliveryMode.AT_LEAST_ONCE, Consistency.EVENTUAL),
    ],
)
def test_the_risk_band_says_what_is_promised(
    band: RiskBand, delivery: DeliveryMode, consistency: Consistency
) -> None:
    """Durability is persistent for all."""
    promised = message(begun(a_task("a"), risk_band=band), "a").qos

    assert promised == QOS[band]
    assert promised.delivery_mode is delivery
    assert promised.consistency is consistency
    assert promised.durability is Durability.PERSISTENT


def test_a_deadline_counts_from_the_moment_of_readiness() -> None:
    """Counted from generation, every deep ticket would be late by construction."""
    story = begun(a_task("a"), a_task("b", after="a"))
    story.confirm("a")
    story.wait(2 * MINUTE)
    story.succeed("a")

    assert story.ticket("b").deadline_at == NOON + 2 * MINUTE + 3 * MINUTE
    assert message(story, "b").sla.deadline == NOON + 5 * MINUTE


def test_until_then_a_deadline_is_projected_along_the_critical_path() -> None:
    """A page must show something; what it shows is when it would be due if all goes as estimated.

    Here `c` can start after 10 + 20 seconds at the earliest, and may take a minute.
    """
    story = begun(
        a_task("a", estimated_duration_ms=10_000),
        a_task("b", after="a", estimated_duration_ms=20_000),
        a_task("c", after="b", estimated_duration_ms=5_000),
    )

    assert message(story, "c").sla.deadline == NOON + 30_000 + 60_000
    assert projected_deadline(story.state, story.ticket("b")) == NOON + 10_000 + 60_000


def test_a_parked_plan_projects_from_its_acceptance() -> None:
    """It has not started, and may start at once."""
    story = Story(a_decision(a_plan(a_task("a"), a_task("b", after="a"), requires_approval=True)))
    story.accept()

    assert message(story, "a").sla.deadline == NOON + 180_000
    assert message(story, "b").sla.deadline == NOON + 60_000 + 180_000
