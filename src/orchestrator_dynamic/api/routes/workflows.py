"""Plans on their way and at their end: lists, one of them, its tickets, and what has happened."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from orchestrator_dynamic.api.access import Reader
from orchestrator_dynamic.api.answers import as_json, tagged
from orchestrator_dynamic.api.described import TAGGED, Cursor, Limit, Search, WorkflowPath, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.shown import tickets_shown, workflow_in_full
from orchestrator_dynamic.api.views import (
    AuditView,
    EntryView,
    Page,
    TicketView,
    Workflow,
    WorkflowSummary,
)
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.base import EPOCH_MS_MAX
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.vocabulary import Outcome, RiskBand, TaskType
from orchestrator_dynamic.ports.filters import TicketFilter, WorkflowFilter
from orchestrator_dynamic.runtime.sse import summary

router = APIRouter(prefix="/api/v1/workflows", tags=["workflows"], route_class=GuardedRoute)

Moment = Annotated[int | None, Query(ge=0, le=EPOCH_MS_MAX)]
Id = Annotated[str | None, Query(min_length=1, max_length=512)]
Phase = Literal[
    "NEW", "AWAITING_APPROVAL", "RUNNING", "DRAINING", "COMPENSATING", "CANCELLING", "ENDED",
    "HALTED",
]  # fmt: skip


@router.get("", response_model=Page[WorkflowSummary], responses=problems())
async def workflows(
    parts: Parts,
    reader: Reader,
    outcome: Outcome | None = None,
    phase: Phase | None = None,
    plan_id: Id = None,
    intent_id: Id = None,
    risk_band: RiskBand | None = None,
    open: bool = False,  # noqa: A002
    sla: Literal["violated", "met"] | None = None,
    q: Search = None,
    accepted_after: Moment = None,
    accepted_before: Moment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List workflows, newest first."""
    wanted = WorkflowFilter(
        outcome=outcome,
        phase=phase,
        plan_id=plan_id,
        intent_id=intent_id,
        risk_band=risk_band,
        open_only=open,
        search=q,
        accepted_from=accepted_after,
        accepted_before=accepted_before,
        violated=None if sla is None else sla == "violated",
    )
    page = await parts.store.workflows(wanted, limit=limit, after=cursor)
    return as_json({"items": [summary(one) for one in page.workflows], "next": page.next})


@router.get("/{workflow_id}", response_model=Workflow, responses=TAGGED | problems("not_found"))
async def workflow(
    workflow_id: WorkflowPath, parts: Parts, reader: Reader, request: Request
) -> Response:
    """Return one workflow, with its tag for `If-Match`."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    return tagged(await workflow_in_full(parts, found), request)


@router.get(
    "/{workflow_id}/tickets", response_model=Page[TicketView], responses=problems("not_found")
)
async def tickets(
    workflow_id: WorkflowPath,
    parts: Parts,
    reader: Reader,
    stage: Stage | None = None,
    task_type: TaskType | None = None,
    q: Search = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List a workflow's tickets: tasks in plan order, then those that undo others."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    wanted = TicketFilter(stage=stage, task_type=task_type, search=q)
    after = number_in(cursor, least=-1)
    some = await parts.store.tickets(found, limit=limit + 1, after=after, wanted=wanted)
    state = await parts.states.state_of(found.workflow_id)
    more = str(some[limit - 1].number) if len(some) > limit else None
    return as_json({"items": tickets_shown(some[:limit], state), "next": more})


@router.get(
    "/{workflow_id}/timeline", response_model=Page[EntryView], responses=problems("not_found")
)
async def timeline(
    workflow_id: WorkflowPath,
    parts: Parts,
    reader: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List what has happened to a workflow, oldest first."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    after = number_in(cursor, least=0)
    entries = await parts.store.timeline(found, after=after, limit=limit + 1)
    more = str(entries[limit - 1].seq) if len(entries) > limit else None
    return as_json({"items": entries[:limit], "next": more})


@router.get("/{workflow_id}/audit", response_model=Page[AuditView], responses=problems("not_found"))
async def audit(
    workflow_id: WorkflowPath,
    parts: Parts,
    reader: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List who did what to a workflow and why, oldest first."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    return as_json(_part_of(await parts.store.audit(found), limit, cursor))


@router.get(
    "/{workflow_id}/incidents",
    response_model=Page[OrchestrationIncident],
    responses=problems("not_found"),
)
async def incidents(
    workflow_id: WorkflowPath,
    parts: Parts,
    reader: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the incidents of a workflow, oldest first."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    return as_json(_part_of(await parts.store.incidents(found), limit, cursor))


def number_in(cursor: str | None, *, least: int) -> int:
    """Return the number that a cursor stands for; `least` where there is none.

    Raises:
        Problem: it came from no page.
    """
    if cursor is None:
        return least
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 15):
        raise Problem("bad_request", "cursor: pass on what came as `next` with the page before")
    return int(cursor)


def _part_of(whole: tuple[object, ...], limit: int, cursor: str | None) -> dict[str, object]:
    """Return a page of what is never long enough to be read in parts."""
    start = number_in(cursor, least=0)
    end = start + limit
    return {"items": whole[start:end], "next": str(end) if len(whole) > end else None}
