"""What a worker is told of its answer, at the moment when its plan hears it."""

from orchestrator_dynamic.core.answers import attempt_of
from orchestrator_dynamic.core.commands import Fate
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_lifecycle import fate_of_answer
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import AnswerFate

_SUCCEEDED = frozenset({Stage.COMPLETED, Stage.COMPENSATING, Stage.COMPENSATED})
_FAILED = frozenset({Stage.FAILED, Stage.BACKING_OFF})


def fate_of(ticket: Ticket, result: ExecutionResult) -> AnswerFate:
    """Return whether `result` counts; to be asked before its plan is told of it.

    An answer may come twice, for its sender cannot know whether the first one arrived: what says
    again how its own attempt has ended is taken, too.
    """
    attempt = attempt_of(result)
    if fate_of_answer(ticket, attempt) is Fate.ACCEPTED or _said_before(ticket, attempt, result):
        return AnswerFate.TAKEN
    return AnswerFate.STALE_ATTEMPT


def _said_before(ticket: Ticket, attempt: int | None, result: ExecutionResult) -> bool:
    if attempt != ticket.attempt or result.agent_id != ticket.agent:
        return False
    if result.status is ExecutionStatus.COMPLETED and result.result.success:
        return ticket.stage in _SUCCEEDED
    return result.status is ExecutionStatus.FAILED and ticket.stage in _FAILED
