"""A plan in memory: its execution, and its place in the journal."""

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.telemetry_frame import metrics_of
from orchestrator_dynamic.core.ticket import STATUS_OF, Stage, Ticket
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    TicketChange,
    TicketRecord,
    WorkflowRecord,
)

# Plain texts: SQLite takes them three times as fast as members of an enumeration.
_STAGE = {stage: stage.value for stage in Stage}
_STATUS = {stage: status.value for stage, status in STATUS_OF.items()}


class OpenPlan:
    """A plan without an outcome.

    Attributes:
        seq: that of its last journaled fact.
        halted: its books do not add up, so that it is told nothing any more.
        starved: the tickets that have been counted as finding no worker.
        attempts_traced: the latest attempt of each ticket whose span was made; None until somebody
            has looked.
        under_way: tickets that something is done about now; None until somebody has looked.
    """

    __slots__ = (
        "attempts_traced",
        "base",
        "execution",
        "halted",
        "recorded",
        "seq",
        "starved",
        "under_way",
        "workflow",
    )

    def __init__(self, workflow: int, execution: PlanExecution, seq: int = 0) -> None:
        self.workflow = workflow
        self.execution = execution
        self.seq = seq
        self.halted = False
        self.starved: set[int] = set()
        self.attempts_traced: dict[int, int] | None = None
        self.under_way: dict[int, None] | None = None
        self.base = workflow * TICKETS_PER_WORKFLOW
        self.recorded = len(execution.state.tickets)

    @property
    def state(self) -> ExecutionState:
        """The plan's state, to be read only."""
        return self.execution.state

    def workflow_record(
        self, phase: str | None = None, reason: str | None = None
    ) -> WorkflowRecord:
        """Return the plan as the store has it; phase and reason are its own if not given."""
        state, decision, numbers = self.state, self.state.decision, metrics_of(self.state)
        return WorkflowRecord(
            workflow=self.workflow,
            workflow_id=state.workflow_id,
            decision_id=decision.decision_id,
            plan_id=decision.plan_id,
            intent_id=decision.intent_id,
            risk_band=state.plan.risk_band.value,
            priority=state.plan.original_priority.value,
            phase=phase or state.phase.value,
            paused=int(state.paused),
            outcome=None if state.outcome is None else state.outcome.value,
            reason=reason or state.verdict,
            tasks=len(state.plan.tasks),
            completed=numbers.tickets_completed,
            failed=numbers.tickets_failed,
            compensated=numbers.tickets_compensated,
            retried=numbers.tickets_retried,
            sla_violations=state.sla_violations,
            incidents=state.incidents,
            critical_path_ms=state.critical_path_ms,
            queue_ms=state.queue_ms,
            execution_ms=state.execution_ms,
            accepted_at=state.accepted_at,
            started_at=state.started_at,
            deadline_at=state.deadline_at,
            ended_at=state.ended_at,
        )

    def new_ticket(self, ticket: Ticket) -> TicketRecord:
        """Return the row of a ticket that the store does not have yet."""
        return TicketRecord(
            self.base + ticket.number,
            self.workflow,
            ticket.number,
            ticket.ticket_id,
            ticket.task_id,
            ticket.task_type.value,
            ticket.undoes,
            ticket.timeout_ms,
            _STAGE[ticket.stage],
            _STATUS[ticket.stage],
        )

    def change_of(self, ticket: Ticket) -> TicketChange:
        """Return what may have changed about a ticket that the store has."""
        return TicketChange(
            _STAGE[ticket.stage],
            _STATUS[ticket.stage],
            ticket.attempt,
            ticket.ready_at,
            ticket.deadline_at,
            ticket.published_at,
            ticket.started_at,
            ticket.ended_at,
            ticket.agent,
            ticket.error,
            self.base + ticket.number,
        )
