"""Which contract each message follows."""

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.wire import avro_schemas

CONTRACTS: dict[type[Message], str] = {
    ConsolidatedDecision: avro_schemas.CONSOLIDATED_DECISION,
    CognitivePlan: avro_schemas.COGNITIVE_PLAN,
    ExecutionTicket: avro_schemas.EXECUTION_TICKET,
    ExecutionResult: avro_schemas.EXECUTION_RESULT,
    OrchestrationIncident: avro_schemas.ORCHESTRATION_INCIDENT,
    TelemetryFrame: avro_schemas.TELEMETRY_FRAME,
    SlaAlert: avro_schemas.SLA_ALERT,
    SlaViolation: avro_schemas.SLA_VIOLATION,
    ApprovalResponse: avro_schemas.APPROVAL_RESPONSE,
}


def contract_of(kind: type[Message]) -> str:
    """Return the name of the Avro schema that messages of `kind` follow.

    Raises:
        InvariantViolation: `kind` is a part of a message, not one that travels.
    """
    try:
        return CONTRACTS[kind]
    except KeyError:
        raise InvariantViolation(f"{kind.__name__} is not a message of its own") from None
