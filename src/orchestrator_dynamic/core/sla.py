"""Deadlines: urgency, warnings and violations, each told exactly once per ticket and per plan.

A deadline counts from the moment a ticket becomes ready, never from generation. Each attempt has
a deadline of its own, but a ticket warns once and violates once (decision 0006).
Source: rules, "SLA".
"""

from orchestrator_dynamic.core import commands, incidents, scheduling
from orchestrator_dynamic.core.derived_ids import derived_id
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.vocabulary import AlertType, ViolationType

SERVICE_NAME = "orchestrator-dynamic"
# Half of the time used: more urgent. The warning's share used: most urgent. All of it: violated.
HALF, WARNING, DEADLINE = 0, 1, 2


def start_clock(ticket: Ticket, at: int) -> None:
    """Begin the deadline of the ticket's next attempt, at the moment it becomes ready."""
    ticket.ready_at = at
    ticket.deadline_at = at + ticket.timeout_ms
    ticket.sla_step = HALF


def next_milestone(ticket: Ticket, policy: Policy) -> int | None:
    """Return when the ticket's next milestone is due, in epoch ms; None after the last."""
    if ticket.ready_at is None or ticket.sla_step > DEADLINE:
        return None
    shares = (scheduling.HALF_SHARE, policy.warning_share, 1.0)
    return ticket.ready_at + int(ticket.timeout_ms * shares[ticket.sla_step])


def pass_milestones(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Do what the milestones that are due at the moment `at` ask for."""
    while (due := next_milestone(ticket, state.policy)) is not None and due <= at:
        reached, ticket.sla_step = ticket.sla_step, ticket.sla_step + 1
        if reached in (HALF, WARNING):
            _raise_urgency(state, ticket, reached + 1)
        in_time = at < (ticket.deadline_at or 0) and state.phase is not Phase.CANCELLING
        if reached == WARNING and not ticket.warned and in_time:
            ticket.warned = True
            _warn(state, ticket.ticket_id, ticket.deadline_at or 0, at)
        if reached == DEADLINE:
            violate(state, ticket, ViolationType.DEADLINE_EXCEEDED, at)


def missed(ticket: Ticket, at: int) -> bool:
    """Return whether an answer of the moment `at` comes after its attempt's deadline.

    The alarm may be told after the answer, so that the answer is the first to show it.
    """
    return ticket.deadline_at is not None and at > ticket.deadline_at


def violate(
    state: ExecutionState,
    ticket: Ticket,
    how: ViolationType,
    at: int,
    completed_at: int | None = None,
) -> None:
    """Say, once for each ticket, that it was not done in time; cancelling cancels deadlines too."""
    if not ticket.violated and state.phase is not Phase.CANCELLING:
        ticket.violated = True
        state.touch(ticket)
        deadline = ticket.deadline_at or at
        _tell_violation(state, ticket.ticket_id, deadline, how, at, completed_at)


def next_plan_milestone(state: ExecutionState) -> int | None:
    """Return when the plan's own next milestone is due, in epoch ms; None after the last."""
    if state.deadline_at is None or state.started_at is None or state.sla_step > 1:
        return None
    if state.phase in (Phase.CANCELLING, Phase.ENDED):
        return None
    span = max(0, state.deadline_at - state.started_at)
    share = state.policy.warning_share if state.sla_step == 0 else 1.0
    return state.started_at + int(span * share)


def pass_plan_milestones(state: ExecutionState, at: int) -> None:
    """Warn of the plan's deadline, or say that it has passed, if that is due."""
    while (due := next_plan_milestone(state)) is not None and due <= at:
        reached, state.sla_step = state.sla_step, state.sla_step + 1
        deadline = state.deadline_at or 0
        if reached == 1:
            _tell_violation(state, None, deadline, ViolationType.DEADLINE_EXCEEDED, at)
        elif at < deadline:
            _warn(state, None, deadline, at)


def judge_plan(state: ExecutionState, at: int) -> None:
    """Say that the plan was done after its deadline, where no alarm has said so."""
    if next_plan_milestone(state) is not None and at > (state.deadline_at or at):
        state.sla_step = 2
        how, deadline = ViolationType.DEADLINE_EXCEEDED, state.deadline_at or at
        _tell_violation(state, None, deadline, how, at, completed_at=at)


def _raise_urgency(state: ExecutionState, ticket: Ticket, step: int) -> None:
    ticket.score = state.scores[step]
    if ticket.stage is Stage.READY:
        state.ready.add(scheduling.order_key(ticket, state.tail_ms(ticket)))


def _warn(state: ExecutionState, ticket_id: TicketId | None, deadline: int, at: int) -> None:
    alert = SlaAlert(
        alert_id=derived_id(state.workflow_id, "alert", ticket_id or "plan"),
        alert_type=AlertType.DEADLINE_APPROACHING,
        severity="WARNING",
        service_name=SERVICE_NAME,
        workflow_id=state.workflow_id,
        timestamp=at,
        context={
            "plan_id": state.decision.plan_id,
            "deadline": str(deadline),
            "remaining_ms": str(deadline - at),
            **({"ticket_id": ticket_id} if ticket_id else {}),
        },
    )
    state.issue(commands.SendSlaAlert(alert))


def _tell_violation(
    state: ExecutionState,
    ticket_id: TicketId | None,
    deadline: int,
    how: ViolationType,
    at: int,
    completed_at: int | None = None,
) -> None:
    state.sla_violations += 1
    violation = SlaViolation(
        violation_id=derived_id(state.workflow_id, "violation", ticket_id or "plan"),
        workflow_id=state.workflow_id,
        ticket_id=ticket_id,
        violation_type=how,
        service_name=SERVICE_NAME,
        sla_deadline=deadline,
        actual_completion=completed_at,
        delay_ms=max(0, at - deadline),
        severity="HIGH" if ticket_id else "CRITICAL",
        metadata={"plan_id": state.decision.plan_id},
        timestamp=at,
    )
    state.issue(commands.SendSlaViolation(violation))
    incidents.sla_violated(state, ticket_id, deadline, at)
