"""All there is to tell about one workflow, gathered from the store in one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.cli.standstill import standstill_of
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.ports.records import StoredPlan
from orchestrator_dynamic.ports.store import (
    Arrival,
    AuditEntry,
    Store,
    StoredAnswer,
    StoredTicket,
    StoredWorkflow,
    TimelineEntry,
)
from orchestrator_dynamic.runtime.halting import HALTED
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


async def story_of(store: Store, name: str, *, events: int, data_dir: Path | None) -> PlanStory:
    """Return the story of the workflow that `name` means, with the latest `events` of its journal.

    Args:
        data_dir: named in commands; None where they find it by themselves.

    Raises:
        NotFound: there is none.
        Ambiguous: there are several.
    """
    async with store.snapshot():
        workflow = await store.workflow(name)
        stored = await _journal_of(store, workflow)
        tickets, stages = await store.tickets(workflow), await store.stages(workflow)
        timeline = await store.timeline(workflow, last=events + 1)
        arrival, incidents = await store.arrival(workflow), await store.incidents(workflow)
        audit = await store.audit(workflow)
    # Folding takes its time, during which the engine must be able to shorten its log.
    state = _folded(stored)
    standstill = None if state is None else standstill_of(state, data_dir)
    return PlanStory(
        workflow=workflow,
        why=_why(workflow) if state is None else why_plan(state),
        remedy=standstill.remedy if standstill else "",
        arrival=arrival,
        stages=stages,
        tickets=tuple(_told(ticket, state) for ticket in tickets),
        timeline=timeline[-events:] if events else (),
        earlier_events=len(timeline) > events,
        incidents=incidents,
        audit=audit,
    )


async def ticket_story_of(store: Store, name: str, task: str) -> TicketStory:
    """Return the story of one ticket of the workflow that `name` means.

    Raises:
        NotFound: there is no such workflow, or it has no such ticket.
        Ambiguous: there are several.
    """
    async with store.snapshot():
        workflow = await store.workflow(name)
        ticket, stored = await store.ticket(workflow, task), await _journal_of(store, workflow)
        undoing = await store.tickets(workflow, after=workflow.tasks - 1)
        history = await store.history(workflow, ticket)
        answers = await store.answers(workflow, ticket)
    return TicketStory(
        workflow=workflow,
        told=_told(ticket, _folded(stored)),
        undone_by=next((one for one in undoing if one.undoes == ticket.number), None),
        history=history,
        answers=answers,
    )


async def _journal_of(store: Store, workflow: StoredWorkflow) -> StoredPlan | None:
    """Return what an open plan can be folded from; of others the records say enough."""
    if workflow.outcome is not None or workflow.phase == HALTED:
        return None
    return await store.stored_plan(workflow)


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
