"""Routes of the service before this one, kept for the clients that it had."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from orchestrator_dynamic.api.access import Operator, Reader
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.described import WorkflowPath, header, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.shown import tickets_shown, why_of
from orchestrator_dynamic.api.submission import handed_in, message_headers
from orchestrator_dynamic.models.ids import IDENTIFIER, WorkflowId
from orchestrator_dynamic.ports.store import PAGE_MAX
from orchestrator_dynamic.runtime.sse import summary
from orchestrator_dynamic.wire import json_text

router = APIRouter(
    prefix="/api/v1/workflows", tags=["deprecated"], deprecated=True, route_class=GuardedRoute
)

# RFC 9745: since when there is something better (2026-11-01), and where.
_DEPRECATED = {"Deprecation": "@1793491200"}
_SUBMIT = {**_DEPRECATED, "Link": '</api/v1/decisions>; rel="successor-version"'}

_SINCE: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"Deprecation": header("Since when there is something better.")}}
}

_SECONDS_MAX = 30 * 86_400


class Start(BaseModel):
    """A plan without a decision; it runs only where ALLOW_DIRECT_PLANS is set."""

    cognitive_plan: dict[str, Any]
    correlation_id: Annotated[str, IDENTIFIER] | None = None
    priority: Annotated[int, Field(ge=1, le=10, strict=True)] | None = None
    sla_deadline_seconds: Annotated[int, Field(ge=1, le=_SECONDS_MAX, strict=True)] | None = None


class Started(BaseModel):
    """Which workflow carries the plan out."""

    workflow_id: str
    status: str
    correlation_id: str | None


class Query(BaseModel):
    """What is to be told of a workflow."""

    query_name: Literal["status", "get_status", "tickets", "get_tickets", "why"] = "status"


class Told(BaseModel):
    """What was asked for: an object for `status`, a list for `tickets`, a text for `why`."""

    workflow_id: str
    query_name: str
    result: Any


@router.post(
    "/start",
    response_model=Started,
    responses=_SINCE
    | problems("invalid", "decision_conflict", "too_large", "unsupported_media_type"),
)
async def start(order: Start, request: Request, parts: Parts, operator: Operator) -> Response:
    """Start a plan that comes alone; send a decision to `/api/v1/decisions` instead."""
    plan = dict(order.cognitive_plan)
    if order.correlation_id is not None:
        plan["correlation_id"] = order.correlation_id
    if order.priority is not None:
        plan["priority"] = order.priority
    if order.sla_deadline_seconds is not None:
        made_at = plan.get("created_at")
        began = made_at if isinstance(made_at, int) and made_at > 0 else parts.clock.now_ms()
        plan["valid_until"] = began + order.sla_deadline_seconds * 1000
    headers = message_headers(request)
    receipt = await handed_in(parts, json_text.canonical(plan).encode(), headers, operator)
    told = {
        "workflow_id": receipt.workflow_id,
        "status": receipt.reception,
        "correlation_id": plan.get("correlation_id"),
    }
    return as_json(told, 200, _SUBMIT)


@router.post("/{workflow_id}/query", response_model=Told, responses=_SINCE | problems("not_found"))
async def query(workflow_id: WorkflowPath, asked: Query, parts: Parts, reader: Reader) -> Response:
    """Tell about a workflow; ask `/api/v1/workflows/{workflow_id}` instead."""
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    state = await parts.states.state_of(found.workflow_id)
    result: Any
    match asked.query_name:
        case "status" | "get_status":
            result = summary(found)
        case "tickets" | "get_tickets":
            result = tickets_shown(await parts.store.tickets(found, limit=PAGE_MAX), state)
        case "why":
            result = why_of(found, state)
    told = {"workflow_id": workflow_id, "query_name": asked.query_name, "result": result}
    return as_json(told, 200, _DEPRECATED)
