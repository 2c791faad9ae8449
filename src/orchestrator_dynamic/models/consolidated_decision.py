"""What the specialists came to agree on, and the plan that they agreed about."""

from typing import Annotated

from pydantic import Field

from orchestrator_dynamic.models.base import (
    Checks,
    DurationMs,
    EpochMs,
    FiniteFloat,
    Items,
    Message,
    Probability,
    Records,
    SchemaVersion,
)
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.ids import IDENTIFIER, DecisionId, IntentId, PlanId
from orchestrator_dynamic.models.vocabulary import ConsensusMethod, DecisionType


class SpecialistVote(Message):
    """One specialist's opinion, and how much it weighed."""

    specialist_type: str
    opinion_id: str = ""
    confidence_score: FiniteFloat = 0.0
    risk_score: FiniteFloat = 0.0
    recommendation: str = ""
    weight: FiniteFloat = 0.0
    processing_time_ms: DurationMs = 0


class ConsensusMetrics(Message):
    """How hard it was to agree."""

    divergence_score: FiniteFloat = 0.0
    convergence_time_ms: DurationMs = 0
    unanimous: bool = False
    fallback_used: bool = False
    pheromone_strength: FiniteFloat = 0.0
    bayesian_confidence: FiniteFloat = 0.0
    voting_confidence: FiniteFloat = 0.0


class ConsolidatedDecision(Message):
    """A decision with the plan it is about, already parsed."""

    decision_id: Annotated[DecisionId, IDENTIFIER]
    plan_id: Annotated[PlanId, IDENTIFIER]
    intent_id: Annotated[IntentId, IDENTIFIER]
    correlation_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    final_decision: DecisionType
    consensus_method: ConsensusMethod = ConsensusMethod.FALLBACK
    aggregated_confidence: Probability = 0.0
    aggregated_risk: Probability = 0.0
    specialist_votes: Records[SpecialistVote] = ()
    consensus_metrics: ConsensusMetrics = Field(default_factory=ConsensusMetrics)
    explainability_token: str = ""
    reasoning_summary: str = ""
    compliance_checks: Checks = Field(default_factory=dict)
    guardrails_triggered: Items[str] = ()
    cognitive_plan: CognitivePlan
    requires_human_review: bool = False
    created_at: EpochMs = 0
    valid_until: EpochMs | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    hash: str = ""
    schema_version: SchemaVersion = 1
