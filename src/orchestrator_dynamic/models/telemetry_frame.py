"""The story of one plan in one message: which steps it took, how long, and how it ended."""

from typing import Annotated

from orchestrator_dynamic.models.base import Items, Long, Message, Records, SchemaVersion
from orchestrator_dynamic.models.ids import (
    IDENTIFIER,
    DecisionId,
    IntentId,
    PlanId,
    TicketId,
    WorkflowId,
)
from orchestrator_dynamic.models.vocabulary import FlowStep, Outcome


class FrameCorrelation(Message):
    """Everything that this plan is known by."""

    intent_id: Annotated[IntentId, IDENTIFIER]
    plan_id: Annotated[PlanId, IDENTIFIER]
    decision_id: Annotated[DecisionId, IDENTIFIER]
    workflow_id: Annotated[WorkflowId, IDENTIFIER]
    correlation_id: str | None = None
    trace_id: str | None = None
    ticket_ids: Items[TicketId] = ()


class FrameStep(Message):
    """One step of the flow."""

    step: FlowStep
    status: str
    started_at: Long
    duration_ms: Long


class FrameMetrics(Message):
    """What it took."""

    tickets_total: Long = 0
    tickets_completed: Long = 0
    tickets_failed: Long = 0
    tickets_retried: Long = 0
    tickets_compensated: Long = 0
    sla_violations: Long = 0
    total_duration_ms: Long = 0
    critical_path_ms: Long = 0
    queue_ms: Long = 0
    execution_ms: Long = 0


class TelemetryFrame(Message):
    """One plan, told once it has ended."""

    schema_version: SchemaVersion = 1
    source: str = "orchestrator-dynamic"
    timestamp: Long
    correlation: FrameCorrelation
    outcome: Outcome
    steps: Records[FrameStep] = ()
    metrics: FrameMetrics
