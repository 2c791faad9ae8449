"""All there is to tell about one workflow, or one ticket of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.cli.plan_records import PlanRecords, TicketRecords
from orchestrator_dynamic.cli.standstill import standstill_of
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.ports.records import StoredPlan
from orchestrator_dynamic.ports.store import (
    Arrival,
    AuditEntry,
    StoredAnswer,
    StoredTicket,
    StoredWorkflow,
    TimelineEntry,
)
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.recovery import folded


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTicket:
    """A ticket, and what it waits for or how it ended, in words."""

    ticket: StoredTicket
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStory:
    """A workflow with everything of it.

    Attributes:
        why: what it waits for, or why it ended as it did.
        remedy: what a person can do about it, where nobody else can.
        earlier_events: whether there are events before those of `timeline`.
    """

    workflow: StoredWorkflow
    why: str
    remedy: str
    arrival: Arrival
    stages: Mapping[Stage, int]
    tickets: tuple[ToldTicket, ...]
    timeline: tuple[TimelineEntry, ...]
    earlier_events: bool
    incidents: tuple[OrchestrationIncident, ...]
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStory:
    """A ticket with everything of it; `undone_by` is the ticket that undoes it, if there is one."""

    workflow: StoredWorkflow
    told: ToldTicket
    undone_by: StoredTicket | None
    history: tuple[TimelineEntry, ...]
    answers: tuple[StoredAnswer, ...]


def story_of(records: PlanRecords, *, data_dir: Path | None) -> PlanStory:
    """Return the story that `records` tell; costs the length of an open plan's journal.

    Args:
        data_dir: named in commands; None where they find it by themselves.
    """
    workflow, state = records.workflow, _folded(records.journal)
    standstill = None if state is None else standstill_of(state, data_dir)
    return PlanStory(
        workflow=workflow,
        why=_why(workflow) if state is None else why_plan(state),
        remedy=standstill.remedy if standstill else "",
        arrival=records.arrival,
        stages=records.stages,
        tickets=tuple(_told(ticket, state) for ticket in records.tickets),
        timeline=records.timeline,
        earlier_events=records.earlier_events,
        incidents=records.incidents,
        audit=records.audit,
    )


def ticket_story_of(records: TicketRecords) -> TicketStory:
    """Return the story that `records` tell; costs the length of an open plan's journal."""
    ticket = records.ticket
    undoing = (one for one in records.compensations if one.undoes == ticket.number)
    return TicketStory(
        workflow=records.workflow,
        told=_told(ticket, _folded(records.journal)),
        undone_by=next(undoing, None),
        history=records.history,
        answers=records.answers,
    )


def _folded(stored: StoredPlan | None) -> ExecutionState | None:
    plan = None if stored is None else folded(stored)
    return plan.state if isinstance(plan, OpenPlan) else None


def _why(workflow: StoredWorkflow) -> str:
    if workflow.outcome is None:
        return f"was stopped by a fault, and a person must look: {workflow.reason}"
    return workflow.reason


def _told(ticket: StoredTicket, state: ExecutionState | None) -> ToldTicket:
    if state is None or ticket.number >= len(state.tickets):
        return ToldTicket(ticket=ticket, why=ticket.error or "")
    why = why_ticket(state, state.tickets[ticket.number])
    if ticket.stage is Stage.RUNNING and ticket.progress:
        why = f"{why}; its worker says: {ticket.progress}"
    return ToldTicket(ticket=ticket, why=why)
