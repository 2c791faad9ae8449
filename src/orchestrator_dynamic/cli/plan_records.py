"""All that is on record of one workflow, or one ticket of it, read in one moment."""

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecords:
    """A workflow with everything of it.

    Attributes:
        journal: what its state can be folded from; None where the records say enough.
        earlier_events: whether there are events before those of `timeline`.
    """

    workflow: StoredWorkflow
    journal: StoredPlan | None
    arrival: Arrival
    stages: Mapping[Stage, int]
    tickets: tuple[StoredTicket, ...]
    timeline: tuple[TimelineEntry, ...]
    earlier_events: bool
    incidents: tuple[OrchestrationIncident, ...]
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRecords:
    """A ticket with everything of it; `journal` as in `PlanRecords`.

    Attributes:
        compensations: the tickets of its plan that undo others.
    """

    workflow: StoredWorkflow
    journal: StoredPlan | None
    ticket: StoredTicket
    compensations: tuple[StoredTicket, ...]
    history: tuple[TimelineEntry, ...]
    answers: tuple[StoredAnswer, ...]


async def plan_records(store: Store, name: str, *, events: int) -> PlanRecords:
    """Return what is on record of the workflow that `name` means, with its latest `events`.

    Raises:
        NotFound: there is none.
        Ambiguous: there are several.
    """
    async with store.snapshot():
        workflow = await store.workflow(name)
        timeline = await store.timeline(workflow, last=events + 1)
        return PlanRecords(
            workflow=workflow,
            journal=await _journal_of(store, workflow),
            arrival=await store.arrival(workflow),
            stages=await store.stages(workflow),
            tickets=await store.tickets(workflow),
            timeline=timeline[-events:] if events else (),
            earlier_events=len(timeline) > events,
            incidents=await store.incidents(workflow),
            audit=await store.audit(workflow),
        )


async def ticket_records(store: Store, name: str, task: str) -> TicketRecords:
    """Return what is on record of one ticket of the workflow that `name` means.

    Raises:
        NotFound: there is no such workflow, or it has no such ticket.
        Ambiguous: there are several.
    """
    async with store.snapshot():
        workflow = await store.workflow(name)
        ticket = await store.ticket(workflow, task)
        return TicketRecords(
            workflow=workflow,
            journal=await _journal_of(store, workflow),
            ticket=ticket,
            compensations=await store.tickets(workflow, after=workflow.tasks - 1),
            history=await store.history(workflow, ticket),
            answers=await store.answers(workflow, ticket),
        )


async def _journal_of(store: Store, workflow: StoredWorkflow) -> StoredPlan | None:
    if workflow.outcome is not None or workflow.phase == HALTED:
        return None
    return await store.stored_plan(workflow)
