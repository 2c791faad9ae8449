"""What a durable turn tells the log: the story of each plan, a line a step.

At DEBUG each ticket has its lines as well; of ten thousand nobody wants to read by default.
"""

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.observability.logging import get_logger, level
from orchestrator_dynamic.runtime.step import Step

log = get_logger(__name__)

# What wants a look this week; everything else is the story of a plan.
_WARN = frozenset({"plan_draining", "compensation_began", "approval_came_too_late", "plan_expired"})


def tell(step: Step) -> None:
    """Log what `step` has brought, once it is durable."""
    if level() == "DEBUG":
        _tell_of_tickets(step)
    if not (step.batch.audit or step.batch.dead_letters or step.batch.incidents):
        return
    ids = _ids_in(step)
    for entry in step.batch.audit:
        say = log.warning if entry.action in _WARN else log.info
        about = ids.get(entry.workflow_id) or {"workflow_id": entry.workflow_id}
        say(entry.action, **about, actor=entry.actor, detail=entry.detail)
    for letter in step.batch.dead_letters:
        log.warning("dead_letter_kept", reason=letter.reason, source=letter.source)
    for incident in step.batch.incidents:
        about = ids.get(incident.workflow_id) or {"workflow_id": incident.workflow_id}
        log.warning(
            "incident_raised",
            **about,
            incident_id=incident.incident_id,
            incident_type=incident.incident_type,
        )


def _tell_of_tickets(step: Step) -> None:
    for plan, ticket in step.changed():
        if ticket.stage is not Stage.WAITING:
            log.debug(
                "ticket_moved_on",
                **_ids_of(plan.state),
                ticket_id=ticket.ticket_id,
                task_id=ticket.task_id,
                stage=ticket.stage.value,
                attempt=ticket.attempt,
                agent=ticket.agent,
            )


def _ids_in(step: Step) -> dict[str, dict[str, str]]:
    """Return for each plan the ids by which its lines, its trace and its cause are found."""
    return {
        plan.state.workflow_id: _ids_of(plan.state) for plan in (*step.plans.values(), *step.halted)
    }


def _ids_of(state: ExecutionState) -> dict[str, str]:
    decision = state.decision
    ids = {
        "workflow_id": state.workflow_id,
        "decision_id": decision.decision_id,
        "plan_id": decision.plan_id,
        "intent_id": decision.intent_id,
        "trace_id": state.trace.trace_id,
    }
    caused_by = decision.correlation_id
    return ids if caused_by is None else {**ids, "correlation_id": caused_by}
