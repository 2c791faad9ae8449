"""What is recorded, as the API shows it; the shapes are those of `views`."""

import asyncio
from collections.abc import Sequence
from typing import Any

from orchestrator_dynamic.api.parts import ApiParts
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.execution_state import ORCHESTRATOR, ExecutionState, Phase
from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.ports.filters import TicketFilter
from orchestrator_dynamic.ports.store import AuditEntry, StoredTicket, StoredWorkflow
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.recovery import OURS
from orchestrator_dynamic.runtime.retrying import retried_id, retry_source
from orchestrator_dynamic.runtime.sse import summary
from orchestrator_dynamic.wire.decision_reader import read_decision

# Steps that wait for a person at one time; a plan with more shows the first of them.
_STEPS_MAX = 200


async def workflow_in_full(parts: ApiParts, workflow: StoredWorkflow) -> dict[str, Any]:
    """Return a workflow with what can be done about it."""
    store = parts.store
    state = await parts.states.state_of(workflow.workflow_id)
    retry = workflow_id_of(retried_id(workflow.decision_id))
    return {
        **summary(workflow),
        "seq": await store.last_seq(workflow),
        "why": why_of(workflow, state),
        "waiting_for_approval": await waiting_for_approval(parts, workflow),
        "stages": dict(await store.stages(workflow)),
        "arrival": await store.arrival(workflow),
        "submitted_by": submitter_in(await store.audit(workflow)),
        "retry_of": retry_source(workflow.decision_id),
        "retried_as": retry if await store.ending(retry) else None,
    }


async def decision_of(parts: ApiParts, workflow: StoredWorkflow) -> ConsolidatedDecision:
    """Return the decision of a workflow as it is kept.

    Read in a thread, for one of many tasks would hold up every other request for a second.
    """
    kept = await parts.store.decision(workflow)
    return (await asyncio.to_thread(read_decision, kept, limits=OURS)).decision


async def waiting_for_approval(parts: ApiParts, workflow: StoredWorkflow) -> dict[str, Any]:
    """Return what of a plan waits for a person now."""
    if workflow.outcome is not None:
        return {"plan": False, "steps": []}
    if workflow.phase == Phase.AWAITING_APPROVAL:
        return {"plan": True, "steps": []}
    wanted = TicketFilter(stage=Stage.AWAITING_APPROVAL)
    steps = await parts.store.tickets(workflow, limit=_STEPS_MAX, wanted=wanted)
    return {"plan": False, "steps": [step.task_id for step in steps]}


def why_of(workflow: StoredWorkflow, state: ExecutionState | None) -> str:
    """Return what a plan waits for, or why it ended as it did."""
    if state is not None and workflow.outcome is None:
        return why_plan(state)
    if workflow.phase == HALTED:
        return f"was stopped by a fault, and a person must look: {workflow.reason}"
    return workflow.reason


def tickets_shown(
    tickets: Sequence[StoredTicket], state: ExecutionState | None
) -> list[dict[str, Any]]:
    """Return tickets, each with what it waits for or how it ended."""
    return [ticket_shown(ticket, state) for ticket in tickets]


def ticket_shown(ticket: StoredTicket, state: ExecutionState | None) -> dict[str, Any]:
    """Return a ticket, with what it waits for or how it ended."""
    shown = {name: getattr(ticket, name) for name in ticket.__dataclass_fields__}
    return {**shown, "why": _why(ticket, state)}


def submitter_in(audit: Sequence[AuditEntry]) -> str | None:
    """Return who submitted a decision; None where it came from a topic or a file."""
    taken_in = (entry.actor for entry in audit if entry.action == "decision_accepted")
    actor = next(taken_in, ORCHESTRATOR)
    return None if actor == ORCHESTRATOR else actor


def _why(ticket: StoredTicket, state: ExecutionState | None) -> str:
    if state is None or ticket.number >= len(state.tickets):
        return ticket.error or ""
    return why_ticket(state, state.tickets[ticket.number])
