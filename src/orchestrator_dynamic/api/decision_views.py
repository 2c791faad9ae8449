"""What answers about decisions look like, for the API's description."""

from typing import Literal

from pydantic import BaseModel

from orchestrator_dynamic.api.views import FindingView, WorkflowSummary
from orchestrator_dynamic.core.gate import Verdict
from orchestrator_dynamic.models.consolidated_decision import ConsensusMetrics, SpecialistVote
from orchestrator_dynamic.models.execution_ticket import QoS
from orchestrator_dynamic.models.vocabulary import (
    CognitiveDomain,
    ConsensusMethod,
    DecisionType,
    Priority,
    RiskBand,
    SecurityLevel,
    TaskType,
)


class DecidedPlan(BaseModel):
    """What a decision says of its plan as a whole."""

    risk_band: RiskBand
    risk_score: float
    risk_factors: dict[str, float]
    domain: CognitiveDomain
    priority: Priority
    security_level: SecurityLevel
    complexity_score: float
    requires_approval: bool
    is_destructive: bool
    destructive_tasks: list[str]
    task_count: int
    reasoning_summary: str


class ApprovalView(BaseModel):
    """Whether a person's word is needed, and what people have said."""

    state: Literal["not_needed", "waiting", "approved", "rejected", "expired"]
    reasons: list[str]
    steps: list[str]
    by: str | None
    at: int | None
    reason: str | None


class DecisionView(BaseModel):
    """What was agreed on, by whom, and what people said of it."""

    decision_id: str
    plan_id: str
    intent_id: str
    correlation_id: str | None
    final_decision: DecisionType
    consensus_method: ConsensusMethod
    aggregated_confidence: float
    aggregated_risk: float
    specialist_votes: list[SpecialistVote]
    consensus_metrics: ConsensusMetrics
    guardrails_triggered: list[str]
    compliance_checks: dict[str, bool]
    reasoning_summary: str
    explainability_token: str
    requires_human_review: bool
    created_at: int
    valid_until: int | None
    plan: DecidedPlan
    approval: ApprovalView
    workflow_id: str
    submitted_by: str | None


class DecisionSummary(WorkflowSummary):
    """A decision as lists tell it: by what has become of it."""


class RehearsedTicket(BaseModel):
    """A ticket that would be made; its id and score only where it would be made at all."""

    task_id: str
    task_type: TaskType
    depends_on: list[str]
    estimated_duration_ms: int | None
    begins_ms: int
    timeout_ms: int
    max_retries: int
    qos: QoS
    required_capabilities: list[str]
    ticket_id: str | None = None
    dependencies: list[str] | None = None
    priority_score: float | None = None


class Validation(BaseModel):
    """What would become of a decision; what cannot be said is left out."""

    valid: bool
    envelope: str | None
    verdict: Verdict | None
    why: str
    findings: list[FindingView]
    decision_id: str | None = None
    plan_id: str | None = None
    intent_id: str | None = None
    tasks: int | None = None
    critical_path: list[str] | None = None
    critical_path_ms: int | None = None
    projected_duration_ms: int | None = None
    projected_end_at: int | None = None
    deadline_at: int | None = None
    unestimated_tasks: int | None = None
    first_out: list[str] | None = None
    tickets: list[RehearsedTicket] | None = None
