"""A ticket that no broker will take has failed, as if a worker had said so."""

from orchestrator_dynamic.core.execution_state import ORCHESTRATOR
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.ports.ticket_publisher import Refusal


def result_of_refusal(refusal: Refusal, at: int) -> ExecutionResult:
    """Return the answer that tells a plan of `refusal`; another attempt would end the same."""
    return ExecutionResult.model_validate(
        {
            "ticket_id": refusal.ticket_id,
            "status": "FAILED",
            "result": {"metadata": {"attempt": str(refusal.attempt), "retryable": "false"}},
            "error_message": f"the bus does not take it: {refusal.why}",
            "agent_id": ORCHESTRATOR,
            "timestamp": at,
        }
    )
