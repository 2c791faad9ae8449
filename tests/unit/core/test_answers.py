"""What a worker's result means for its ticket."""

from typing import Any

import pytest

from orchestrator_dynamic.core.answers import ERROR_LENGTH_MAX, answer_of, attempt_of
from orchestrator_dynamic.core.facts import Answer, TicketFailed, TicketStarted, TicketSucceeded
from orchestrator_dynamic.models.execution_result import ExecutionResult
from tests.support.messages import NOON


def a_result(status: str, *, success: bool = False, **fields: Any) -> ExecutionResult:
    """Return what worker `w-1` says; `metadata` goes into its payload."""
    payload = {"success": success, "metadata": fields.pop("metadata", {})}
    return ExecutionResult.model_validate(
        {"ticket_id": "t-1", "status": status, "result": payload, "agent_id": "w-1", **fields}
    )


def meaning(result: ExecutionResult) -> Answer:
    """Return what `result` says about ticket 7."""
    return answer_of(result, 7, NOON, 0.25)


def a_failure(error: str, *, retryable: bool = True, attempt: int | None = None) -> TicketFailed:
    """Return the failure of ticket 7."""
    return TicketFailed(
        at=NOON,
        ticket=7,
        attempt=attempt,
        agent="w-1",
        error=error,
        retryable=retryable,
        chance=0.25,
    )


def test_running_is_a_sign_of_life() -> None:
    """A heartbeat proves that somebody is at it."""
    told = meaning(a_result("RUNNING", metadata={"attempt": "2"}))

    assert told == TicketStarted(at=NOON, ticket=7, attempt=2, agent="w-1")


def test_completed_with_success_is_a_success() -> None:
    """Both the status and the payload must say so."""
    told = meaning(a_result("COMPLETED", success=True))

    assert told == TicketSucceeded(at=NOON, ticket=7, attempt=None, agent="w-1")


def test_completed_without_success_is_a_failure() -> None:
    """The worker is done, the work is not."""
    told = meaning(a_result("COMPLETED", success=False, error_message="tests are red"))

    assert told == a_failure("tests are red")


def test_failed_is_a_failure_whatever_the_payload_says() -> None:
    """Of two truths we take the worse."""
    assert meaning(a_result("FAILED", success=True, error_message="no")) == a_failure("no")


def test_a_failure_without_a_reason_says_what_was_answered() -> None:
    """People must find something where they look."""
    assert meaning(a_result("FAILED")) == a_failure("the worker answered FAILED and gave no reason")


def test_a_preempted_attempt_may_be_repeated() -> None:
    """It was somebody's turn, not its fault."""
    told = meaning(a_result("PREEMPTED", error_message="evicted"))

    assert told == a_failure("evicted", retryable=True)


def test_an_attempt_that_was_cancelled_at_the_worker_is_not_repeated() -> None:
    """Somebody wanted it to stop."""
    told = meaning(a_result("CANCELLED", error_message="stopped", metadata={"retryable": "true"}))

    assert told == a_failure("stopped", retryable=False)


@pytest.mark.parametrize(
    ("said", "retryable"),
    [
        ("false", False),
        ("False", False),
        (" FALSE ", False),
        ("no", False),
        ("0", False),
        ("true", True),
        ("1", True),
        ("", True),
        ("perhaps", True),
    ],
)
def test_a_worker_says_whether_trying_again_helps(said: str, retryable: bool) -> None:
    """In whatever way its language writes a no; anything else is worth another try."""
    told = meaning(a_result("FAILED", error_message="no", metadata={"retryable": said}))

    assert told == a_failure("no", retryable=retryable)


@pytest.mark.parametrize(
    ("echoed", "attempt"),
    [
        ("1", 1),
        ("12", 12),
        ("0", 0),
        ("999999999", 999_999_999),
        ("1000000000", None),
        ("", None),
        ("-1", None),
        ("1.0", None),
        (" 1", None),
        ("two", None),
        ("²", None),
        ("١", None),
    ],
)
def test_an_attempt_is_read_where_it_is_a_number(echoed: str, attempt: int | None) -> None:
    """What is not one counts as not echoed; a worker's slip must not lose its work."""
    assert attempt_of(a_result("RUNNING", metadata={"attempt": echoed})) == attempt


def test_an_attempt_need_not_be_echoed() -> None:
    """Many workers know nothing of attempts."""
    assert attempt_of(a_result("RUNNING")) is None


def test_a_long_error_is_cut() -> None:
    """It travels with the ticket and its incident; the whole of it stays with the result."""
    told = meaning(a_result("FAILED", error_message="x" * 5_000))

    assert ERROR_LENGTH_MAX == 2_000
    assert told == a_failure("x" * 2_000)


def test_a_worker_can_say_that_its_time_was_up() -> None:
    """It notices a moment before our alarm; the incident is the same either way."""
    fact = meaning(a_result("FAILED", metadata={"timed_out": "true"}))

    assert isinstance(fact, TicketFailed)
    assert fact.timed_out
