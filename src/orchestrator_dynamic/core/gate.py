"""The gate: which decisions run, which wait for a person, which never run.

Source: rules, "Gate".
"""

from collections.abc import Iterable
from enum import StrEnum

from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import ApprovalStatus, DecisionType


class Verdict(StrEnum):
    """What happens to a decision that could be read."""

    RUN = "run"
    PARK = "park"
    REJECT = "reject"
    EXPIRE = "expire"
    REFUSE_INVALID = "refuse_invalid"


def verdict_on(
    decision: ConsolidatedDecision, findings: Iterable[Finding], at: int
) -> tuple[Verdict, str]:
    """Return what happens to `decision` at the moment `at`, and why, in words for people."""
    if decision.final_decision is DecisionType.REJECT:
        return Verdict.REJECT, "the specialists decided to reject this plan"
    if decision.cognitive_plan.approval_status is ApprovalStatus.REJECTED:
        return Verdict.REJECT, "a person has already refused this plan"
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Verdict.REFUSE_INVALID, "the plan is invalid"
    if expired(decision, at):
        return Verdict.EXPIRE, f"it was valid until {expires_at(decision)} (epoch ms)"
    if reasons := approval_reasons(decision):
        return Verdict.PARK, "; ".join(reasons)
    return Verdict.RUN, "approved"


def expires_at(decision: ConsolidatedDecision) -> int | None:
    """Return the earlier of the two moments until which decision and plan are valid."""
    limits = (decision.valid_until, decision.cognitive_plan.valid_until)
    return min((limit for limit in limits if limit is not None), default=None)


def expired(decision: ConsolidatedDecision, at: int) -> bool:
    """Return whether the moment until which decision and plan are valid is past."""
    limit = expires_at(decision)
    return limit is not None and at > limit


def approval_reasons(decision: ConsolidatedDecision) -> list[str]:
    """Return why a person must approve before anything runs; empty where nobody need."""
    plan = decision.cognitive_plan
    reasons: list[str] = []
    if decision.final_decision in (DecisionType.REVIEW_REQUIRED, DecisionType.CONDITIONAL):
        reasons.append(f"the decision is {decision.final_decision}")
    if decision.requires_human_review:
        reasons.append("the decision requires human review")
    if plan.approval_status is ApprovalStatus.APPROVED:
        return reasons
    if plan.requires_approval:
        reasons.append("the plan requires approval")
    if plan.is_destructive:
        reasons.append("the plan is destructive")
    return reasons


def steps_awaiting_approval(decision: ConsolidatedDecision) -> frozenset[str]:
    """Return the ids of the destructive tasks that nobody has approved yet.

    They matter in a plan that runs as a whole but names destructive tasks: each of them then
    waits at its own turn (decision 0005). Approving a parked plan approves them too.
    """
    plan = decision.cognitive_plan
    if plan.approval_status is ApprovalStatus.APPROVED or plan.is_destructive:
        return frozenset()
    return frozenset(plan.destructive_tasks)
