"""The decision that a plan without one stands for."""

from pydantic import ValidationError

from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import DecisionType
from orchestrator_dynamic.wire.complaints import Complaints

_SHARED = (
    "plan_id",
    "intent_id",
    "correlation_id",
    "trace_id",
    "span_id",
    "explainability_token",
    "reasoning_summary",
    "created_at",
    "valid_until",
)


def derived_decision(plan: CognitivePlan, complaints: Complaints) -> ConsolidatedDecision | None:
    """Return an approval of `plan`, or None where no id for it can be made.

    The id follows from the plan's, so that sending the plan again is noticed.
    """
    record = {
        **{name: getattr(plan, name) for name in _SHARED},
        "decision_id": f"direct-{plan.plan_id}",
        "final_decision": DecisionType.APPROVE,
        "aggregated_risk": plan.risk_score,
        "cognitive_plan": plan,
    }
    try:
        return ConsolidatedDecision.model_validate(record)
    except ValidationError as error:
        complaints.invalid(error)
        return None
