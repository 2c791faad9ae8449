"""Running again what of an ended plan did not complete."""

import asyncio

from fastapi import APIRouter, Request, Response

from orchestrator_dynamic.api.access import Operator
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.described import LOCATED, WorkflowPath, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.submission import (
    handed_in,
    message_headers,
    receipt_shown,
    workflow_address,
)
from orchestrator_dynamic.api.views import ReceiptView
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.runtime.retrying import NotRetryable, retry_message

router = APIRouter(prefix="/api/v1/workflows", tags=["actions"], route_class=GuardedRoute)


@router.post(
    "/{workflow_id}/retry",
    status_code=202,
    response_model=ReceiptView,
    responses=LOCATED | problems("not_found", "not_possible"),
)
async def retry(
    workflow_id: WorkflowPath, parts: Parts, operator: Operator, request: Request
) -> Response:
    """Run again what of an ended plan did not complete, as a decision of its own.

    The ended workflow stays as it is. Asked for twice, it starts nothing twice.
    """
    store = parts.store
    workflow = await store.workflow_by_id(WorkflowId(workflow_id))
    decision, tickets = await store.decision(workflow), await store.tickets(workflow)
    try:
        at = parts.clock.now_ms()
        # A large one takes a second, in which others have their turns.
        message = await asyncio.to_thread(retry_message, workflow, decision, tickets, at)
    except NotRetryable as error:
        raise Problem("not_possible", str(error)) from error
    source, headers = f"retry of {workflow_id}", message_headers(request)
    receipt = await handed_in(parts, message, headers, operator, source)
    again = workflow_address(receipt.workflow_id or workflow.workflow_id)
    return as_json(receipt_shown(receipt), 202, {"Location": again})
