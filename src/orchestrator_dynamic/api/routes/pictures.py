"""What pages draw: the graph that never changes, all tickets in small, and what is new of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from orchestrator_dynamic.api.access import Reader
from orchestrator_dynamic.api.answers import as_json, tagged
from orchestrator_dynamic.api.described import TAGGED, WorkflowPath, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import ApiParts, Parts
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.shown import workflow_in_full
from orchestrator_dynamic.api.views import Graph, Snapshot
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.store import PAGE_MAX, StoredWorkflow
from orchestrator_dynamic.runtime.news import Row, row_of
from orchestrator_dynamic.runtime.plan_picture import picture_of

router = APIRouter(prefix="/api/v1", tags=["pictures"], route_class=GuardedRoute)

_SEQ_MAX = 10**15
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/event-stream": {}},
        "description": "Server-sent events.",
    }
}
# The graph of a workflow is part of its decision, which never changes.
_FOR_AN_HOUR = "private, max-age=3600"


@router.get(
    "/workflows/{workflow_id}/graph", response_model=Graph, responses=TAGGED | problems("not_found")
)
async def graph(
    workflow_id: WorkflowPath, parts: Parts, reader: Reader, request: Request
) -> Response:
    """Return a plan's tasks with their places in its graph."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    decision = await parts.store.decision(found)
    picture = await asyncio.to_thread(picture_of, found.workflow_id, decision)
    return tagged(picture, request, _FOR_AN_HOUR)


@router.get(
    "/workflows/{workflow_id}/snapshot", response_model=Snapshot, responses=problems("not_found")
)
async def snapshot(workflow_id: WorkflowPath, parts: Parts, reader: Reader) -> Response:
    """Return all tickets in small; the stream goes on from `seq`."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    # First of all, so that tickets are never older than the place from which a stream goes on.
    workflow = await workflow_in_full(parts, found)
    rows = await _rows(parts, found)
    return as_json(
        {
            "seq": workflow["seq"],
            "workflow": workflow,
            "fields": Row._fields,
            "tickets": [tuple(row) for row in rows],
        }
    )


@router.get(
    "/workflows/{workflow_id}/events",
    response_class=StreamingResponse,
    responses=_STREAM | problems("not_found", "too_many_requests"),
)
async def events(
    workflow_id: WorkflowPath,
    parts: Parts,
    reader: Reader,
    after: Annotated[int | None, Query(ge=0, le=_SEQ_MAX)] = None,
    last_event_id: Annotated[str | None, Header(max_length=32)] = None,
) -> Response:
    """Tell what happens to a workflow after a place in its journal, until it has ended."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    seen = after if last_event_id is None else _place(last_event_id)
    return _Stream(parts, parts.feed.watch(parts.store, found, seen))


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses=_STREAM | problems("too_many_requests"),
)
async def all_events(parts: Parts, reader: Reader) -> Response:
    """Tell which workflows have changed, at most twice a second."""
    return _Stream(parts, parts.feed.watch_list())


class _Stream(StreamingResponse):
    """A stream that has its place from when it is made until it has ended."""

    def __init__(self, parts: ApiParts, told: AsyncIterator[bytes]) -> None:
        """Take a place.

        Raises:
            Problem: `too_many_requests`, where there is none.
        """
        places, most = parts.streams, parts.limits.streams_max
        if places.taken >= most:
            raise Problem("too_many_requests", f"{most} streams are open, which is most")
        headers = {"X-Accel-Buffering": "no"}
        super().__init__(told, media_type="text/event-stream", headers=headers)
        self._places = places
        places.taken += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As the library says; then give the place back."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._places.taken -= 1


def _place(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 15:
        return int(text)
    raise Problem("bad_request", "Last-Event-ID: give back the id of the last event, a number")


async def _rows(parts: ApiParts, workflow: StoredWorkflow) -> list[Row]:
    """Return the rows of all tickets; others have their turn between two pages."""
    rows: list[Row] = []
    while True:
        after = rows[-1].number if rows else -1
        some = await parts.store.tickets(workflow, limit=PAGE_MAX, after=after)
        rows += [row_of(ticket, ticket.progress) for ticket in some]
        if len(some) < PAGE_MAX:
            return rows
        await asyncio.sleep(0)
