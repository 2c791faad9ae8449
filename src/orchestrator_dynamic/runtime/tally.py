"""What one turn of the engine adds to the metrics, counted while it happens.

Recorded once the turn is durable: what was rolled back was never counted.
"""

from collections import Counter

from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.models.vocabulary import IncidentType, RiskBand, TaskType
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.runtime.open_plan import OpenPlan

_STATUS = {
    Stage.COMPLETED: "COMPLETED",
    Stage.FAILED: "FAILED",
    Stage.COMPENSATED: "COMPENSATED",
    Stage.CANCELLED: "CANCELLED",
    Stage.SKIPPED: "SKIPPED",
}


class Tally:
    """Counts of one turn."""

    def __init__(self) -> None:
        self.fates = Counter[str]()
        self.heartbeats = 0
        self.generated = Counter[TaskType]()
        self.published = Counter[TaskType]()
        self.retried = Counter[tuple[str, TaskType]]()
        self.allocated = Counter[str]()
        self.warned = Counter[str]()
        self.violated = Counter[tuple[str, RiskBand]]()
        self.incidents = Counter[IncidentType]()
        self.duplicates = Counter[str]()
        self.dead_letters = Counter[str]()
        self.validated = Counter[str]()
        self.started = Counter[RiskBand]()
        self.queue_s: list[float] = []
        self.generation_s: list[float] = []

    def record(self, metrics: Metrics, over: list[Ticket], ended: list[OpenPlan]) -> None:
        """Add everything to `metrics`; `over` and `ended` are what came to its end."""
        self._record_tickets(metrics, over)
        self._record_plans(metrics, ended)
        for fate, count in self.fates.items():
            metrics.add("orchestration_results_total", count, fate=fate)
        metrics.add("orchestration_results_total", self.heartbeats, fate="heartbeat")
        for scope, count in self.warned.items():
            metrics.add("orchestration_deadline_approaching_total", count, scope=scope)
        for (scope, band), count in self.violated.items():
            metrics.add(
                "orchestration_sla_violations_total", count, scope=scope, risk_band=band.value
            )
        for incident_type, count in self.incidents.items():
            metrics.add("orchestration_incidents_total", count, type=incident_type.value)

    def _record_tickets(self, metrics: Metrics, over: list[Ticket]) -> None:
        for task_type, count in self.generated.items():
            name = task_type.value
            metrics.add("orchestration_tickets_generated_total", count, task_type=name)
        for task_type, count in self.published.items():
            name = task_type.value
            metrics.add("orchestration_tickets_published_total", count, task_type=name)
        for (cause, task_type), count in self.retried.items():
            name = task_type.value
            metrics.add("orchestration_retries_total", count, cause=cause, task_type=name)
        for result, count in self.allocated.items():
            metrics.add("orchestration_resource_allocations_total", count, result=result)
        metrics.observe_many("orchestration_ticket_queue_seconds", self.queue_s)
        metrics.observe_many("orchestration_ticket_generation_duration_seconds", self.generation_s)
        ends = Counter[tuple[str, str]]()
        for ticket in over:
            ends[_STATUS[ticket.stage], ticket.task_type.value] += 1
            if ticket.published_at is not None:
                name, seconds = ticket.task_type.value, ticket.run_ms / 1000
                metrics.observe("orchestration_ticket_run_seconds", seconds, task_type=name)
        for (status, kind), count in ends.items():
            metrics.add(
                "orchestration_tickets_completed_total",
                count,
                status=status,
                task_type=kind,
            )

    def _record_plans(self, metrics: Metrics, ended: list[OpenPlan]) -> None:
        for kind, count in self.duplicates.items():
            metrics.add("orchestration_duplicates_total", count, kind=kind)
        for reason, count in self.dead_letters.items():
            metrics.add("orchestration_dead_letters_total", count, reason=reason)
        for result, count in self.validated.items():
            metrics.add("orchestration_plan_validations_total", count, result=result)
        for band, count in self.started.items():
            metrics.add("orchestration_workflows_started_total", count, risk_band=band.value)
        for plan in ended:
            state = plan.state
            if state.outcome is None:
                continue
            outcome, seconds = state.outcome.value, 0.0
            if state.ended_at is not None:
                seconds = (state.ended_at - (state.started_at or state.accepted_at)) / 1000
            band_name = state.plan.risk_band.value
            metrics.add(
                "orchestration_workflows_completed_total", outcome=outcome, risk_band=band_name
            )
            metrics.observe("orchestration_workflow_duration_seconds", seconds, outcome=outcome)
            undone = state.undo_counts
            metrics.add(
                "orchestration_compensations_total",
                undone[Stage.COMPLETED],
                status="COMPENSATED",
            )
            metrics.add("orchestration_compensations_total", undone[Stage.FAILED], status="FAILED")
