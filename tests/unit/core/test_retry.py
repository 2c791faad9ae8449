"""C4: a failed attempt is tried again, later and later, until its retries are used."""

import pytest

from orchestrator_dynamic.core.policy import Policy, RetryOwner, RetryPolicy
from orchestrator_dynamic.core.retry import chance_for, wait_before_ms
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import RiskBand
from tests.support.messages import NOON
from tests.support.plans import SECOND, a_task
from tests.support.story import begun

# In the middle of the jitter's range a wait is exactly what the formula says.
NO_JITTER = 0.5


@pytest.mark.parametrize(
    ("attempt", "wait_ms"),
    [
        (2, 1_000),
        (3, 2_000),
        (4, 4_000),
        (5, 8_000),
        (6, 16_000),
        (7, 32_000),
        (8, 60_000),
        (9, 60_000),
        (10_000, 60_000),
    ],
)
def test_a_wait_doubles_up_to_a_minute(attempt: int, wait_ms: int) -> None:
    """min(1 s × 2^n, 60 s), where the second attempt is the first to wait."""
    assert wait_before_ms(attempt, RetryPolicy(), NO_JITTER) == wait_ms


@pytest.mark.parametrize(
    ("attempt", "shortest", "longest"), [(2, 800, 1_200), (3, 1_600, 2_400), (8, 48_000, 72_000)]
)
def test_chance_moves_a_wait_by_a_fifth(attempt: int, shortest: int, longest: int) -> None:
    """± 20 %, so that those who failed together do not come back together."""
    assert wait_before_ms(attempt, RetryPolicy(), 0.0) == shortest
    assert wait_before_ms(attempt, RetryPolicy(), 0.9999999) == longest


def test_the_numbers_of_a_wait_are_the_policys() -> None:
    """An operator may know better."""
    policy = RetryPolicy(wait_initial_ms=10, factor=3.0, wait_max_ms=50, jitter=0.5)

    assert [wait_before_ms(n, policy, NO_JITTER) for n in (2, 3, 4)] == [10, 30, 50]
    assert wait_before_ms(2, policy, 0.0) == 5


def test_one_chance_is_spread_over_many_tickets() -> None:
    """A hundred tickets that time out in one moment come back in as many."""
    chances = [chance_for(number, 0.25) for number in range(100)]

    assert chances[0] == 0.25
    assert all(0 <= chance < 1 for chance in chances)
    assert len({round(chance * 100) for chance in chances}) > 80


def test_a_failed_attempt_backs_off_and_goes_out_again() -> None:
    """With the same ticket, a higher attempt and a deadline of its own."""
    story = begun(a_task("a"))
    story.fail("a", chance=NO_JITTER)
    assert story.stage("a") is Stage.BACKING_OFF
    assert story.ticket("a").retry_at == NOON + 1_000
    assert story.execution.alarm == NOON + 1_000

    story.wait(999)
    assert story.stage("a") is Stage.BACKING_OFF
    story.wait(1)

    assert story.released() == ["a", "a"]
    assert story.ticket("a").attempt == 2
    assert story.ticket("a").ready_at == NOON + 1_000
    assert story.ticket("a").deadline_at == NOON + 1_000 + 180_000
    assert story.state.retries == 1


def test_the_drivers_chance_decides_how_long() -> None:
    """It travels in the fact, so that a replay waits as long as the original."""
    story = begun(a_task("a"), a_task("b"))

    story.fail("a", chance=0.0)
    story.fail("b", chance=0.999_999)

    assert story.ticket("a").retry_at == NOON + 800
    assert story.ticket("b").retry_at == NOON + 1_200


@pytest.mark.parametrize(
    ("band", "retries"),
    [
        (RiskBand.CRITICAL, 5),
        (RiskBand.HIGH, 3),
        (RiskBand.MEDIUM, 2),
        (RiskBand.LOW, 1),
    ],
)
def test_a_ticket_fails_for_good_when_its_retries_are_used(band: RiskBand, retries: int) -> None:
    """One attempt and so many retries, then an incident: one, not one per retry."""
    story = begun(a_task("a"), risk_band=band)
    for _ in range(retries):
        story.fail("a")
        assert story.stage("a") is Stage.BACKING_OFF
        story.wait(20 * SECOND)
    assert story.incidents == []

    story.fail("a", "still broken")

    assert story.stage("a") is Stage.FAILED
    assert story.released() == ["a"] * (retries + 1)
    (incident,) = story.incidents
    assert incident.incident_type == "WORKER_FAILURE"
    assert incident.details == (f"task a failed for good at attempt {retries + 1}: still broken",)


def test_a_worker_may_say_that_trying_again_is_useless() -> None:
    """`retryable=false` ends it at once."""
    story = begun(a_task("a"), risk_band="critical")

    story.fail("a", retryable=False)

    assert story.stage("a") is Stage.FAILED
    assert story.released() == ["a"]


def test_workers_may_own_the_retries() -> None:
    """Under `RETRY_OWNER=worker` what comes back has been tried often enough."""
    story = begun(a_task("a"), policy=Policy(retry_owner=RetryOwner.WORKER), risk_band="critical")

    story.fail("a", retryable=True)

    assert story.stage("a") is Stage.FAILED


def test_workers_that_own_the_retries_own_them_after_a_timeout_too() -> None:
    """A silent worker is not helped by a second one."""
    story = begun(a_task("a"), policy=Policy(retry_owner=RetryOwner.WORKER), risk_band="critical")
    story.confirm("a")

    story.wait(180 * SECOND)

    assert story.stage("a") is Stage.FAILED


def test_a_success_after_a_failure_is_a_success() -> None:
    """Its error is forgotten."""
    story = begun(a_task("a"))
    story.fail("a")
    story.wait(SECOND)

    story.succeed("a")

    assert story.stage("a") is Stage.COMPLETED
    assert story.ticket("a").error is None
