"""What would become of a message, told in plain objects: for `orq validate` and for the API."""

from collections.abc import Mapping
from dataclasses import replace

from orchestrator_dynamic.core.gate import expires_at
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.core.ticket_factory import QOS, RETRIES_MAX, dependencies_of, timeout_of
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.runtime.rehearsal import Rehearsal, Schedule, rehearse
from orchestrator_dynamic.wire.decision_reader import ReadLimits
from orchestrator_dynamic.wire.envelope import Envelope


def rehearse_any(
    data: bytes,
    headers: Mapping[str, bytes] | None,
    *,
    plan_bytes_max: int,
    allow_direct_plans: bool,
    plan_limits: PlanLimits,
    policy: Policy,
    at: int,
) -> Rehearsal:
    """Return what would become of `data`; a plan alone is checked even where it is refused."""
    rehearsal = rehearse(
        data,
        headers,
        read_limits=ReadLimits(plan_bytes_max=plan_bytes_max, allow_direct_plans=True),
        plan_limits=plan_limits,
        policy=policy,
        at=at,
    )
    if rehearsal.envelope == Envelope.DIRECT_PLAN and not allow_direct_plans:
        message = (
            "this is a plan without a decision, which is refused unless ALLOW_DIRECT_PLANS=true"
        )
        refusal = Finding("direct_plan_refused", Severity.ERROR, "message", message)
        return replace(
            rehearsal, findings=(refusal, *rehearsal.findings), verdict=None, why=message
        )
    return rehearsal


def report_on(rehearsal: Rehearsal, policy: Policy, at: int) -> dict[str, object]:
    """Return what would become of a message, as of `at` (epoch ms); tickets in their order.

    What cannot be said is left out: the decision where it could not be read, and the schedule
    where there is no graph to follow.
    """
    decision, schedule = rehearsal.decision, rehearsal.schedule
    told: dict[str, object] = {
        "valid": rehearsal.valid,
        "envelope": rehearsal.envelope,
        "verdict": rehearsal.verdict,
        "why": rehearsal.why,
        "findings": rehearsal.findings,
    }
    if decision is not None:
        told |= {
            "decision_id": decision.decision_id,
            "plan_id": decision.plan_id,
            "intent_id": decision.intent_id,
            "tasks": len(decision.cognitive_plan.tasks),
        }
    if decision is not None and schedule is not None:
        names = [task.task_id for task in decision.cognitive_plan.tasks]
        told |= {
            "critical_path": [names[number] for number in schedule.critical_path],
            "critical_path_ms": schedule.critical_path_ms,
            "projected_duration_ms": schedule.duration_ms,
            "projected_end_at": at + schedule.duration_ms,
            "deadline_at": deadline_of(decision, policy, at),
            "unestimated_tasks": schedule.unestimated,
            "first_out": [names[number] for number in schedule.first],
            "tickets": _tickets(decision, rehearsal, schedule, policy),
        }
    return told


def deadline_of(decision: ConsolidatedDecision, policy: Policy, at: int) -> int:
    """Return by when a plan that begins at `at` must have ended; all in epoch ms."""
    return expires_at(decision) or at + policy.plan_timeout_ms


def _tickets(
    decision: ConsolidatedDecision, rehearsal: Rehearsal, schedule: Schedule, policy: Policy
) -> list[dict[str, object]]:
    """Return the tickets in order; their ids and scores only where they would be made at all."""
    plan, state = decision.cognitive_plan, rehearsal.state
    made = state is not None and bool(state.tickets)
    told = []
    for number in schedule.order:
        task = plan.tasks[number]
        one: dict[str, object] = {
            "task_id": task.task_id,
            "task_type": task.task_type,
            "depends_on": task.dependencies,
            "estimated_duration_ms": task.estimated_duration_ms,
            "begins_ms": schedule.starts_ms[number],
            "timeout_ms": timeout_of(task, policy),
            "max_retries": RETRIES_MAX[plan.risk_band],
            "qos": QOS[plan.risk_band],
            "required_capabilities": task.required_capabilities,
        }
        if made and state is not None:
            ticket = state.tickets[number]
            one |= {
                "ticket_id": ticket.ticket_id,
                "dependencies": dependencies_of(state, ticket),
                "priority_score": round(state.scores[0], 4),
            }
        told.append(one)
    return told
