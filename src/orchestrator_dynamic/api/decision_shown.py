"""A decision as the API shows it: what was agreed on, by whom, and what people said of it."""

from collections.abc import Sequence
from typing import Any

from orchestrator_dynamic.api.parts import ApiParts
from orchestrator_dynamic.api.shown import decision_of, submitter_in, waiting_for_approval
from orchestrator_dynamic.core.gate import approval_reasons, steps_awaiting_approval
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.store import AuditEntry, StoredWorkflow

_AS_IT_CAME = (
    "decision_id",
    "plan_id",
    "intent_id",
    "correlation_id",
    "final_decision",
    "consensus_method",
    "aggregated_confidence",
    "aggregated_risk",
    "specialist_votes",
    "consensus_metrics",
    "guardrails_triggered",
    "compliance_checks",
    "reasoning_summary",
    "explainability_token",
    "requires_human_review",
    "created_at",
    "valid_until",
)

# What people have said, by what the audit calls it; a step is approved by itself.
_WORDS = {
    "plan_approved": "approved",
    "step_approved": "approved",
    "plan_refused": "rejected",
    "step_refused": "rejected",
    "plan_expired": "expired",
    "approval_came_too_late": "expired",
}


async def decision_shown(parts: ApiParts, workflow: StoredWorkflow) -> dict[str, Any]:
    """Return a decision; it changes only where people say something about it."""
    decision = await decision_of(parts, workflow)
    audit = await parts.store.audit(workflow)
    waiting = await waiting_for_approval(parts, workflow)
    return {
        **{name: getattr(decision, name) for name in _AS_IT_CAME},
        "plan": _plan(decision),
        "approval": _approval(decision, workflow, audit, waiting),
        "workflow_id": workflow.workflow_id,
        "submitted_by": submitter_in(audit),
    }


def _plan(decision: ConsolidatedDecision) -> dict[str, Any]:
    plan = decision.cognitive_plan
    return {
        "risk_band": plan.risk_band,
        "risk_score": plan.risk_score,
        "risk_factors": plan.risk_factors,
        "domain": plan.original_domain,
        "priority": plan.original_priority,
        "security_level": plan.original_security_level,
        "complexity_score": plan.complexity_score,
        "requires_approval": plan.requires_approval,
        "is_destructive": plan.is_destructive,
        "destructive_tasks": plan.destructive_tasks,
        "task_count": len(plan.tasks),
        "reasoning_summary": plan.reasoning_summary,
    }


def _approval(
    decision: ConsolidatedDecision,
    workflow: StoredWorkflow,
    audit: Sequence[AuditEntry],
    waiting: dict[str, Any],
) -> dict[str, Any]:
    reasons = approval_reasons(decision)
    steps = sorted(steps_awaiting_approval(decision))
    if steps:
        reasons.append(f"a person must approve these steps at their turn: {', '.join(steps)}")
    said = [entry for entry in audit if entry.action in _WORDS]
    last = said[-1] if said else None
    waits = waiting["plan"] or bool(waiting["steps"])
    if waits:
        state = "waiting"
    elif last is not None:
        state = _WORDS[last.action]
    elif workflow.outcome is Outcome.EXPIRED:
        state = "expired"
    else:
        state = "waiting" if reasons and workflow.outcome is None else "not_needed"
    return {
        "state": state,
        "reasons": reasons,
        "steps": waiting["steps"],
        "by": None if last is None else last.actor,
        "at": None if last is None else last.at,
        "reason": (last.detail.get("reason") or None) if last else None,
    }
