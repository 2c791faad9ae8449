"""Decisions: handing them in, and what was agreed on."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from orchestrator_dynamic.api.access import Operator, Reader
from orchestrator_dynamic.api.answers import as_json, tagged
from orchestrator_dynamic.api.decision_shown import decision_shown
from orchestrator_dynamic.api.decision_views import DecisionSummary, DecisionView
from orchestrator_dynamic.api.described import (
    LOCATED,
    MESSAGE_BODY,
    TAGGED,
    Cursor,
    DecisionPath,
    Limit,
    problems,
)
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.submission import (
    handed_in,
    message_headers,
    receipt_shown,
    workflow_address,
)
from orchestrator_dynamic.api.views import Page, ReceiptView
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.models.ids import DecisionId
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.runtime.sse import summary

router = APIRouter(prefix="/api/v1/decisions", tags=["decisions"], route_class=GuardedRoute)

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Names this submission: another body under the same key is refused.",
    ),
]
_REFUSALS = (
    "unreadable",
    "too_large",
    "unsupported_media_type",
    "request_timeout",
    "invalid",
    "decision_conflict",
    "idempotency_key_reused",
)


@router.post(
    "",
    status_code=202,
    response_model=ReceiptView,
    responses=LOCATED | problems(*_REFUSALS),
    openapi_extra=MESSAGE_BODY,
)
async def submit(
    request: Request,
    parts: Parts,
    operator: Operator,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take a decision in, in any envelope; its plan runs, waits for a person, or is recorded.

    The answer is durable. Sent again it starts nothing twice. What cannot be used is refused with
    every finding, and not kept.
    """
    body = await request.body()
    # Claimed before anything is awaited, so that two at once cannot both have the key.
    claimed = parts.keys.claim(operator.subject, idempotency_key, body)
    try:
        receipt = await handed_in(parts, body, message_headers(request), operator)
    except BaseException:
        if claimed:
            parts.keys.release(operator.subject, idempotency_key)
        raise
    headers = {}
    if receipt.workflow_id is not None:
        headers["Location"] = workflow_address(receipt.workflow_id)
    return as_json(receipt_shown(receipt), 202, headers)


@router.get("", response_model=Page[DecisionSummary], responses=problems())
async def decisions(
    parts: Parts, reader: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List decisions, newest first, by what has become of them."""
    page = await parts.store.workflows(WorkflowFilter(), limit=limit, after=cursor)
    items: list[dict[str, Any]] = [summary(one) for one in page.workflows]
    return as_json({"items": items, "next": page.next})


@router.get("/{decision_id}", response_model=DecisionView, responses=TAGGED | problems("not_found"))
async def decision(
    decision_id: DecisionPath,
    parts: Parts,
    reader: Reader,
    request: Request,
) -> Response:
    """Return a decision: votes, confidence, guardrails, and what people said of it."""
    workflow_id = workflow_id_of(DecisionId(decision_id))
    found = await parts.store.workflow_by_id(workflow_id)
    return tagged(await decision_shown(parts, found), request)
