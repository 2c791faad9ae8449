"""Answers as they leave for the results topic."""

from collections.abc import Mapping

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_result import ExecutionResult, ExecutionResultPayload
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk import outcomes
from orchestrator_dynamic.sdk.kafka_attempts import Attempt
from orchestrator_dynamic.sdk.kafka_results import Letter
from orchestrator_dynamic.sdk.transport import Clock

# What belongs to the same piece of work carries the same names. Source: contracts, "Encoding".
_HEADERS_ECHOED = frozenset(
    {
        "traceparent",
        "tracestate",
        "baggage",
        "correlation-id",
        "plan-id",
        "intent-id",
        "decision-id",
        "x-neural-hive-intent-id",
        "x-neural-hive-plan-id",
    }
)


class Signature:
    """Says in the name of a worker what its handlers do not say themselves."""

    def __init__(self, profile: WorkerProfile, clock: Clock) -> None:
        self._profile = profile
        self._clock = clock

    def alive(self, attempt: Attempt) -> Letter:
        """Return that `attempt` runs."""
        return sign_of_life(self._result(attempt, ExecutionStatus.RUNNING, None), attempt)

    def cancelled(self, attempt: Attempt) -> Letter:
        """Return the answer for `attempt`, which nobody has begun and nobody will."""
        error = outcomes.CANCELLED.error
        return answer(self._result(attempt, ExecutionStatus.CANCELLED, error), attempt)

    def _result(
        self, attempt: Attempt, status: ExecutionStatus, error: str | None
    ) -> ExecutionResult:
        return ExecutionResult(
            ticket_id=attempt.ticket.ticket_id,
            status=status,
            result=ExecutionResultPayload(metadata={"attempt": str(attempt.number)}),
            error_message=error,
            agent_id=self._profile.worker_id,
            timestamp=self._clock.now_ms(),
        )


def answer(result: ExecutionResult, attempt: Attempt) -> Letter:
    """Return what brings `attempt` to its end once it is acknowledged.

    What was cancelled travels as a failure, with its own word in the metadata; whoever does not
    know that word must not try again either.
    """
    if result.status is ExecutionStatus.CANCELLED:
        metadata = {**result.result.metadata, "retryable": "false"}
        payload = result.result.model_copy(update={"metadata": metadata})
        result = result.model_copy(update={"result": payload})
    return Letter(result, _echoed(attempt.headers), attempt)


def sign_of_life(beat: ExecutionResult, attempt: Attempt) -> Letter:
    """Return what shows that `attempt` runs, and ends nothing."""
    return Letter(beat, _echoed(attempt.headers))


def attempt_told(result: ExecutionResult) -> int:
    """Return which attempt `result` is about.

    Raises:
        InvariantViolation: it does not tell, so that whoever made it has made a mistake.
    """
    told = result.result.metadata.get("attempt", "")
    if not told.isdecimal():
        raise InvariantViolation(f"the result for {result.ticket_id} does not tell its attempt")
    return int(told)


def _echoed(headers: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    return [(name, value) for name, value in headers.items() if name.lower() in _HEADERS_ECHOED]
