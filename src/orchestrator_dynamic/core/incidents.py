"""Incidents (flow E): one for each cause, never one for each retry.

Source: rules, "C5 Consolidate".
"""

from collections.abc import Sequence

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.derived_ids import derived_id
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.ticket import Ticket
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.vocabulary import IncidentType

PLAYBOOKS = {
    IncidentType.SLA_VIOLATION: "sla_violation_mitigation",
    IncidentType.TICKET_TIMEOUT: "ticket_timeout_recovery",
    IncidentType.WORKER_FAILURE: "worker_failure_recovery",
}


def ticket_failed(state: ExecutionState, ticket: Ticket, why: IncidentType, at: int) -> None:
    """Tell that a ticket has failed for good; a compensation's failure asks for a person."""
    undoing = ticket.undoes is not None
    details = [
        f"task {ticket.task_id} failed for good at attempt {ticket.attempt}: {ticket.error}",
    ]
    if undoing:
        details.append("this was a compensation: a person must undo what the task had done")
    _raise(state, why, "failed", ticket.ticket_id, details, (ticket,), at, escalate=undoing)


def starved(state: ExecutionState, ticket: Ticket, required: Sequence[str], at: int) -> None:
    """Tell that no known worker can execute a ticket; it goes on waiting."""
    wanted = ", ".join(required) or "no capability"
    details = [
        f"no known worker executes {ticket.task_type} with {wanted}; task {ticket.task_id} waits",
        "start a worker with these capabilities; the ticket goes out by itself",
    ]
    why = IncidentType.WORKER_FAILURE
    _raise(state, why, "starved", ticket.ticket_id, details, (ticket,), at, escalate=True)


def sla_violated(state: ExecutionState, ticket_id: TicketId | None, deadline: int, at: int) -> None:
    """Tell that a ticket, or the whole plan, was not done in time."""
    who = f"ticket {ticket_id}" if ticket_id else f"plan {state.decision.plan_id}"
    details = [f"{who} was due at {deadline} (epoch ms) and is {max(0, at - deadline)} ms late"]
    tickets = [ticket_id] if ticket_id else []
    _raise(state, IncidentType.SLA_VIOLATION, "sla", ticket_id or "plan", details, tickets, at)


def plan_invalid(state: ExecutionState, details: Sequence[str], at: int) -> None:
    """Tell that a plan breaks the rules of C1 and must be issued again."""
    details = [*details, "the plan must be issued again under a new decision id"]
    _raise(state, IncidentType.INCONSISTENCY, "invalid", "plan", details, (), at, escalate=True)


def integrity_broken(state: ExecutionState, details: Sequence[str], at: int) -> None:
    """Tell that the books of an ended plan do not add up."""
    why = IncidentType.INCONSISTENCY
    _raise(state, why, "integrity", "plan", details, (), at, escalate=True)


def _raise(
    state: ExecutionState,
    why: IncidentType,
    what: str,
    about: str,
    details: Sequence[str],
    affected: Sequence[Ticket | TicketId],
    at: int,
    *,
    escalate: bool = False,
) -> None:
    state.incidents += 1
    incident = incident_of(
        state,
        why,
        derived_id(state.workflow_id, f"incident-{what}", about),
        tuple(details),
        tuple(t.ticket_id if isinstance(t, Ticket) else t for t in affected),
        at,
        escalate=escalate,
    )
    state.issue(commands.RaiseIncident(incident))


def incident_of(
    state: ExecutionState,
    why: IncidentType,
    incident_id: str,
    details: tuple[str, ...],
    affected: tuple[TicketId, ...],
    at: int,
    *,
    escalate: bool,
) -> OrchestrationIncident:
    """Return an incident; its hash is worked out when it is written."""
    return OrchestrationIncident(
        incident_id=incident_id,
        workflow_id=state.workflow_id,
        incident_type=why,
        severity="CRITICAL" if escalate else "HIGH",
        details=details,
        affected_tickets=affected,
        correlation_id=state.decision.correlation_id or "",
        trace_id=state.trace.told,
        recommended_playbook=PLAYBOOKS.get(why),
        auto_remediation_enabled=not escalate,
        escalation_required=escalate,
        created_at=at,
    )
