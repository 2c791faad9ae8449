"""An SLA in danger, and an SLA broken."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator_dynamic.models.base import Long, Message
from orchestrator_dynamic.models.ids import IDENTIFIER, TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import AlertType, ViolationType


class SlaAlert(Message):
    """A warning while there is still time."""

    alert_id: Annotated[str, IDENTIFIER]
    event_type: Literal["ALERT"] = "ALERT"
    alert_type: AlertType
    severity: str
    service_name: str
    workflow_id: Annotated[WorkflowId, IDENTIFIER]
    timestamp: Long
    context: dict[str, str] = Field(default_factory=dict)


class SlaViolation(Message):
    """A deadline that has passed.

    Attributes:
        ticket_id: None where the deadline is the whole plan's.
        actual_completion: None where it is still not complete.
    """

    violation_id: Annotated[str, IDENTIFIER]
    event_type: Literal["VIOLATION"] = "VIOLATION"
    workflow_id: Annotated[WorkflowId, IDENTIFIER]
    ticket_id: TicketId | None = None
    violation_type: ViolationType
    service_name: str
    sla_deadline: Long
    actual_completion: Long | None = None
    delay_ms: Long
    severity: str
    metadata: dict[str, str] = Field(default_factory=dict)
    timestamp: Long
