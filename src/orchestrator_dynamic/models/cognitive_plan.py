"""A plan: tasks, what each of them waits for, and what is at stake."""

from typing import Annotated

from pydantic import Field

from orchestrator_dynamic.models.base import (
    DurationMs,
    EpochMs,
    FiniteFloat,
    Items,
    Message,
    Numbers,
    Probability,
    SchemaVersion,
)
from orchestrator_dynamic.models.ids import IDENTIFIER, IntentId, PlanId, TaskId
from orchestrator_dynamic.models.vocabulary import (
    ApprovalStatus,
    CognitiveDomain,
    PlanStatus,
    Priority,
    RiskBand,
    SecurityLevel,
    TaskType,
)


class TaskNode(Message):
    """One thing to do. There may be a hundred thousand of them: no Python runs to validate one.

    Whether `dependencies` exist, and lead nowhere in circles, is for the plan rules to judge.
    """

    task_id: Annotated[TaskId, IDENTIFIER]
    task_type: TaskType = TaskType.EXECUTE
    description: str = ""
    dependencies: Items[TaskId] = ()
    estimated_duration_ms: DurationMs | None = None
    required_capabilities: Items[str] = ()
    parameters: dict[str, str] = Field(default_factory=dict)
    metadata: dict[str, str] = Field(default_factory=dict)


class CognitivePlan(Message):
    """What is to be done, as its sender described it; the plan rules say whether it can be."""

    plan_id: Annotated[PlanId, IDENTIFIER]
    version: str = "1.0.0"
    intent_id: Annotated[IntentId, IDENTIFIER]
    correlation_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    tasks: Items[TaskNode]
    execution_order: Items[TaskId] = ()
    risk_score: Probability = 0.0
    risk_band: RiskBand = RiskBand.MEDIUM
    risk_factors: Numbers = Field(default_factory=dict)
    risk_matrix: Numbers | None = None
    explainability_token: str = ""
    reasoning_summary: str = ""
    status: PlanStatus = PlanStatus.DRAFT
    created_at: EpochMs = 0
    valid_until: EpochMs | None = None
    estimated_total_duration_ms: DurationMs | None = None
    complexity_score: FiniteFloat = 0.0
    original_domain: CognitiveDomain = CognitiveDomain.OPERATIONAL
    original_priority: Priority = Priority.NORMAL
    original_security_level: SecurityLevel = SecurityLevel.INTERNAL
    metadata: dict[str, str] = Field(default_factory=dict)
    requires_approval: bool = False
    is_destructive: bool = False
    approval_status: ApprovalStatus | None = None
    approved_by: str | None = None
    approved_at: EpochMs | None = None
    destructive_tasks: Items[TaskId] = ()
    schema_version: SchemaVersion = 1
