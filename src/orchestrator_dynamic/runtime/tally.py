"""What the engine adds to the metrics, told in the engine's own words.

Counting happens while a turn is under way: should its commit fail, the engine stops for good, and
its counters with it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from orchestrator_dynamic.core.commands import Fate
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.vocabulary import IncidentType, RiskBand, TaskType
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.runtime.open_plan import OpenPlan

# Plain texts: the value of an enumeration's member costs a call.
_TYPE = {task_type: task_type.value for task_type in TaskType}
_STAGE = {stage: stage.value for stage in Stage}


class OpenOne(NamedTuple):
    """What gauges need of an open plan; the deadline is epoch ms."""

    parked: bool
    risk_band: RiskBand
    deadline_at: int | None


def open_one(state: ExecutionState) -> OpenOne:
    """Return what gauges need of a plan."""
    parked = state.phase is Phase.AWAITING_APPROVAL
    return OpenOne(parked, state.plan.risk_band, state.deadline_at)


class Tally:
    """Counts for one engine."""

    def __init__(self, metrics: Metrics) -> None:
        self._add = metrics.add
        self._observe = metrics.observe
        self._set = metrics.set
        # What every ticket raises is looked up once, here, and not a dozen times for each of them.
        self._generated = {
            kind: metrics.counter("orchestration_tickets_generated_total", task_type=kind.value)
            for kind in TaskType
        }
        self._published = {
            kind: metrics.counter("orchestration_tickets_published_total", task_type=kind.value)
            for kind in TaskType
        }
        self._ran_s = {
            kind: metrics.histogram("orchestration_ticket_run_seconds", task_type=kind.value)
            for kind in TaskType
        }
        self._queued_s = metrics.histogram("orchestration_ticket_queue_seconds")

    def validated(self, plan: OpenPlan, generation_s: float) -> None:
        """A plan has been through C1, and through C2 where it is valid."""
        result = "invalid" if plan.state.invalid else "valid"
        self._add("orchestration_plan_validations_total", result=result)
        if plan.state.tickets:
            self._observe("orchestration_ticket_generation_duration_seconds", generation_s)

    def generated(self, ticket: Ticket) -> None:
        """A ticket was made."""
        self._generated[ticket.task_type][0] += 1

    def dispatched(self, ticket: Ticket, allocation: str) -> None:
        """An attempt goes to the bus."""
        self._add("orchestration_resource_allocations_total", result=allocation)
        if ticket.attempt > 1:
            cause = "timed_out" if ticket.timed_out else "failed"
            kind = _TYPE[ticket.task_type]
            self._add("orchestration_retries_total", cause=cause, task_type=kind)

    def starved(self) -> None:
        """A ticket found no worker that can execute it."""
        self._add("orchestration_resource_allocations_total", result="starved")

    def published(self, ticket: Ticket, at: int) -> None:
        """The bus has taken an attempt over."""
        self._published[ticket.task_type][0] += 1
        self._queued_s((at - (ticket.ready_at or at)) / 1000)

    def over(self, ticket: Ticket) -> None:
        """Nothing more will happen to a ticket."""
        kind, status = _TYPE[ticket.task_type], _STAGE[ticket.stage]
        self._add("orchestration_tickets_completed_total", status=status, task_type=kind)
        if ticket.published_at is not None:
            self._ran_s[ticket.task_type](ticket.run_ms / 1000)
        if ticket.undoes is not None and ticket.stage in (Stage.COMPLETED, Stage.FAILED):
            undone = "COMPENSATED" if ticket.stage is Stage.COMPLETED else "FAILED"
            self._add("orchestration_compensations_total", status=undone)

    def answered(self, fate: str) -> None:
        """A worker's answer was taken; `fate` is what became of it."""
        self._add("orchestration_results_total", fate=fate)
        if fate == Fate.REPEATED:
            self.repeated("result")

    def warned(self, alert: SlaAlert) -> None:
        """A deadline comes close."""
        scope = "ticket" if "ticket_id" in alert.context else "plan"
        self._add("orchestration_deadline_approaching_total", scope=scope)

    def violated(self, violation: SlaViolation, band: RiskBand) -> None:
        """A deadline has passed."""
        scope = "plan" if violation.ticket_id is None else "ticket"
        self._add("orchestration_sla_violations_total", scope=scope, risk_band=band.value)

    def raised(self, incident_type: IncidentType) -> None:
        """An incident was raised."""
        self._add("orchestration_incidents_total", type=incident_type.value)

    def repeated(self, kind: str) -> None:
        """A message said again what was known."""
        self._add("orchestration_duplicates_total", kind=kind)

    def put_aside(self, reason: str) -> None:
        """A message became a dead letter."""
        self._add("orchestration_dead_letters_total", reason=reason)

    def committed(self, seconds: float) -> None:
        """A batch is durable."""
        self._add("orchestration_commits_total")
        self._observe("orchestration_commit_duration_seconds", seconds)

    def plan_started(self, plan: OpenPlan) -> None:
        """A plan has begun to run."""
        band = plan.state.plan.risk_band.value
        self._add("orchestration_workflows_started_total", risk_band=band)

    def plans_ended(self, ended: Sequence[OpenPlan]) -> None:
        """Plans have come to their outcome."""
        for plan in ended:
            state = plan.state
            outcome = "" if state.outcome is None else state.outcome.value
            band, begun = state.plan.risk_band.value, state.started_at or state.accepted_at
            seconds = ((state.ended_at or begun) - begun) / 1000
            self._add("orchestration_workflows_completed_total", outcome=outcome, risk_band=band)
            self._observe("orchestration_workflow_duration_seconds", seconds, outcome=outcome)

    def open_plans(self, plans: Sequence[OpenOne], now: int) -> None:
        """These plans are open now; the nearest of their deadlines matters most."""
        parked = sum(plan.parked for plan in plans)
        nearest = dict.fromkeys(RiskBand, math.inf)
        for plan in plans:
            deadline = math.inf if plan.deadline_at is None else plan.deadline_at
            nearest[plan.risk_band] = min(nearest[plan.risk_band], deadline)
        for band, moment in nearest.items():
            left_s = math.nan if moment == math.inf else (moment - now) / 1000
            self._set("orchestration_sla_remaining_seconds", left_s, risk_band=band.value)
        self._set("orchestration_decisions_parked", parked)
        self._set("orchestration_workflows_active", len(plans) - parked)
