"""What a worker's result means for its ticket. Source: contracts, "ExecutionResult"."""

from orchestrator_dynamic.core.facts import (
    Answer,
    TicketFailed,
    TicketStarted,
    TicketSucceeded,
)
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus

# The message of a failure travels with the ticket and its incident; the whole of it stays with
# the stored result.
ERROR_LENGTH_MAX = 2_000
_NO = frozenset({"false", "no", "0"})
_YES = frozenset({"true", "yes", "1"})


def answer_of(result: ExecutionResult, ticket: int, at: int, chance: float) -> Answer:
    """Return the fact that `result` tells about the ticket with this number.

    A COMPLETED result without success is a failure. A preempted attempt may be repeated, one
    that somebody cancelled at the worker may not.
    """
    attempt, agent = attempt_of(result), result.agent_id
    if result.status is ExecutionStatus.RUNNING:
        return TicketStarted(at=at, ticket=ticket, attempt=attempt, agent=agent)
    if result.status is ExecutionStatus.COMPLETED and result.result.success:
        return TicketSucceeded(at=at, ticket=ticket, attempt=attempt, agent=agent)
    error = result.error_message or f"the worker answered {result.status} and gave no reason"
    wanted = result.result.metadata.get("retryable", "").strip().lower() not in _NO
    return TicketFailed(
        at=at,
        ticket=ticket,
        attempt=attempt,
        agent=agent,
        error=error[:ERROR_LENGTH_MAX],
        retryable=wanted and result.status is not ExecutionStatus.CANCELLED,
        chance=chance,
        timed_out=result.result.metadata.get("timed_out", "").strip().lower() in _YES,
    )


def attempt_of(result: ExecutionResult) -> int | None:
    """Return the attempt that the worker echoed, or None where it echoed none that is a number."""
    text = result.result.metadata.get("attempt", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
