"""One ticket with its whole story, and the tickets of a plan."""

from typing import Any

from fastapi import APIRouter, Response

from orchestrator_dynamic.api.access import Reader
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.described import Cursor, Limit, PlanPath, TicketPath, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import ApiParts, Parts
from orchestrator_dynamic.api.routes.workflows import number_in
from orchestrator_dynamic.api.shown import decision_of, ticket_shown, tickets_shown
from orchestrator_dynamic.api.views import Page, TicketStory, TicketView
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.store import StoredTicket, StoredWorkflow

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"], route_class=GuardedRoute)


@router.get("/by-plan/{plan_id}", response_model=Page[TicketView], responses=problems("not_found"))
async def tickets_by_plan(
    plan_id: PlanPath,
    parts: Parts,
    reader: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the tickets of a plan's newest workflow."""
    workflow = await parts.store.latest_of_plan(plan_id)
    after = number_in(cursor, least=-1)
    some = await parts.store.tickets(workflow, limit=limit + 1, after=after)
    state = await parts.states.state_of(workflow.workflow_id)
    more = str(some[limit - 1].number) if len(some) > limit else None
    return as_json({"items": tickets_shown(some[:limit], state), "next": more})


@router.get("/{ticket_id}", response_model=TicketStory, responses=problems("not_found"))
async def ticket(ticket_id: TicketPath, parts: Parts, reader: Reader) -> Response:
    """Return a ticket: what it waits for and why, its attempts, answers and incidents."""
    store = parts.store
    workflow = await store.workflow_of_ticket(TicketId(ticket_id))
    found = await store.ticket(workflow, ticket_id)
    state = await parts.states.state_of(workflow.workflow_id)
    compensations = await store.tickets(workflow, after=workflow.tasks - 1)
    undoing = next((one for one in compensations if one.undoes == found.number), None)
    incidents = [
        incident
        for incident in await store.incidents(workflow)
        if ticket_id in incident.affected_tickets
    ]
    return as_json(
        {
            "workflow_id": workflow.workflow_id,
            "plan_id": workflow.plan_id,
            "ticket": ticket_shown(found, state),
            **await _task_of(parts, workflow, found, state),
            "undone_by": None if undoing is None else ticket_shown(undoing, state),
            "history": await store.history(workflow, found),
            "answers": await store.answers(workflow, found),
            "incidents": incidents,
        }
    )


async def _task_of(
    parts: ApiParts,
    workflow: StoredWorkflow,
    ticket: StoredTicket,
    state: ExecutionState | None,
) -> dict[str, Any]:
    """Return what the plan says of a ticket's task, and the tickets that it waits for."""
    tasks = await _tasks(parts, workflow, state)
    place = ticket.number if ticket.undoes is None else ticket.undoes
    task = tasks[place] if place < len(tasks) else None
    if task is None:
        return {"description": "", "required_capabilities": [], "parameters": {}, "waits_for": []}
    waits_for = []
    for name in task.dependencies if ticket.undoes is None else ():
        other = await parts.store.ticket(workflow, name)
        waits_for.append({"task_id": other.task_id, "number": other.number, "stage": other.stage})
    return {
        "description": task.description,
        "required_capabilities": task.required_capabilities,
        "parameters": task.parameters,
        "waits_for": waits_for,
    }


async def _tasks(
    parts: ApiParts, workflow: StoredWorkflow, state: ExecutionState | None
) -> tuple[TaskNode, ...]:
    if state is not None:
        return state.plan.tasks
    return (await decision_of(parts, workflow)).cognitive_plan.tasks
