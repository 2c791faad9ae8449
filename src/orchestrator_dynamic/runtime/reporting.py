"""What a durable turn tells the log and the metrics: the story of each plan, a line a step."""

import math

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.models.vocabulary import RiskBand
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.plans import OpenPlans
from orchestrator_dynamic.runtime.step import Step

log = get_logger(__name__)

# What a person wants to read of a plan's audit while it runs; the rest stays in the audit.
_WARN = frozenset({"plan_halted", "compensation_began", "approval_came_too_late", "plan_expired"})


class Reporter:
    """Records turns that are durable. Gauges are set as the turn left them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._parked = 0

    def committed(self, seconds: float) -> None:
        """Count a commit."""
        self._metrics.add("orchestration_commits_total")
        self._metrics.observe("orchestration_commit_duration_seconds", seconds)

    def tell(self, step: Step, plans: OpenPlans) -> None:
        """Record everything about `step`."""
        step.tally.record(self._metrics, step.over, step.ended)
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
        if step.batch.workflows:
            self._set_gauges(plans)

    def _set_gauges(self, plans: OpenPlans) -> None:
        parked = sum(plan.state.phase is Phase.AWAITING_APPROVAL for plan in plans)
        self._metrics.set("orchestration_decisions_parked", parked)
        self._metrics.set("orchestration_workflows_active", len(plans) - parked)
