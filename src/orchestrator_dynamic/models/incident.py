"""A call for help: what went wrong, for which tickets, and what might remedy it."""

from typing import Annotated

from orchestrator_dynamic.models.base import EpochMs, Items, Message
from orchestrator_dynamic.models.ids import IDENTIFIER, TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import IncidentType


class OrchestrationIncident(Message):
    """One cause, told once.

    Attributes:
        hash: SHA-256 of the canonical JSON without the hash; empty until it is written.
    """

    incident_id: Annotated[str, IDENTIFIER]
    workflow_id: Annotated[WorkflowId, IDENTIFIER]
    incident_type: IncidentType
    severity: str
    details: Items[str] = ()
    affected_tickets: Items[TicketId] = ()
    correlation_id: str = ""
    trace_id: str = ""
    recommended_playbook: str | None = None
    auto_remediation_enabled: bool | None = None
    escalation_required: bool | None = None
    created_at: EpochMs
    hash: str = ""
