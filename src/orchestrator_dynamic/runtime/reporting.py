"""What a durable turn tells the log: the story of each plan, a line a step."""

from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.runtime.step import Step

log = get_logger(__name__)

# What wants a look this week; everything else is the story of a plan.
_WARN = frozenset({"plan_draining", "compensation_began", "approval_came_too_late", "plan_expired"})


def tell(step: Step) -> None:
    """Log what `step` has brought, once it is durable."""
    for entry in step.batch.audit:
        say = log.warning if entry.action in _WARN else log.info
        say(entry.action, workflow_id=entry.workflow_id, actor=entry.actor, detail=entry.detail)
    for letter in step.batch.dead_letters:
        log.warning("dead_letter_kept", reason=letter.reason, source=letter.source)
    for incident in step.batch.incidents:
        log.warning(
            "incident_raised",
            workflow_id=incident.workflow_id,
            incident_id=incident.incident_id,
            incident_type=incident.incident_type,
        )
