"""A ticket: one task, issued to whoever can do it, with the terms on which it is done."""

from typing import Annotated

from pydantic import Field

from orchestrator_dynamic.models.base import Count, Items, Long, Message, SchemaVersion
from orchestrator_dynamic.models.ids import (
    IDENTIFIER,
    DecisionId,
    IntentId,
    PlanId,
    TaskId,
    TicketId,
)
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    Priority,
    RiskBand,
    SecurityLevel,
    TaskType,
    TicketStatus,
)


class Sla(Message):
    """By when, for how long at most, and how often again.

    Attributes:
        deadline: epoch milliseconds, UTC.
    """

    deadline: Long
    timeout_ms: Long
    max_retries: Count


class QoS(Message):
    """What is promised about a ticket's delivery and its effect."""

    delivery_mode: DeliveryMode
    consistency: Consistency
    durability: Durability


class ExecutionTicket(Message):
    """A task as a worker receives it; `dependencies` are tickets, not tasks."""

    ticket_id: Annotated[TicketId, IDENTIFIER]
    plan_id: Annotated[PlanId, IDENTIFIER]
    intent_id: Annotated[IntentId, IDENTIFIER]
    decision_id: Annotated[DecisionId, IDENTIFIER]
    correlation_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    task_id: Annotated[TaskId, IDENTIFIER]
    task_type: TaskType
    description: str = ""
    dependencies: Items[TicketId] = ()
    status: TicketStatus = TicketStatus.PENDING
    priority: Priority
    risk_band: RiskBand
    sla: Sla
    qos: QoS
    parameters: dict[str, str] = Field(default_factory=dict)
    required_capabilities: Items[str] = ()
    security_level: SecurityLevel
    created_at: Long
    started_at: Long | None = None
    completed_at: Long | None = None
    estimated_duration_ms: Long | None = None
    actual_duration_ms: Long | None = None
    retry_count: Count = 0
    error_message: str | None = None
    compensation_ticket_id: TicketId | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    schema_version: SchemaVersion = 1
