"""Handing in what came over HTTP: with who it is from, and refused to their face."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Request

from orchestrator_dynamic.api.correlation import correlation_of
from orchestrator_dynamic.api.parts import ApiParts
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.ports.identity import Principal
from orchestrator_dynamic.ports.orchestrator import Incoming, Receipt, Reception

log = get_logger(__name__)

# What a message brings along with its body, as it would over a broker.
_PASSED_ON = ("traceparent", "tracestate", "baggage")


def message_headers(request: Request) -> dict[str, bytes]:
    """Return the headers that say what a message belongs to."""
    brought = {name: request.headers.get(name) for name in _PASSED_ON}
    headers = {name: text.encode("latin-1") for name, text in brought.items() if text}
    headers["correlation-id"] = correlation_of(request).encode()
    return headers


async def handed_in(
    parts: ApiParts, data: bytes, headers: Mapping[str, bytes], by: Principal, source: str = "http"
) -> Receipt:
    """Return the durable receipt for a message.

    Raises:
        InvalidInput: it cannot be used; nothing is kept, for its sender still has it.
    """
    message = Incoming(data, source, headers, by=by.subject, kept_if_refused=False)
    receipt = await (await parts.orchestrator.hand_in(message))
    if receipt.reception is Reception.DEAD_LETTER:
        raise InvalidInput(receipt.reason, receipt.findings)
    # The only line that has the request's correlation id and the plan's ids.
    log.info(
        "decision_handed_in",
        workflow_id=receipt.workflow_id,
        decision_id=receipt.decision_id,
        plan_id=receipt.plan_id,
        reception=receipt.reception.value,
        actor=by.subject,
    )
    return receipt


def receipt_shown(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt, with where to look further."""
    links = {}
    if receipt.workflow_id is not None:
        workflow = workflow_address(receipt.workflow_id)
        links = {
            "workflow": workflow,
            "decision": f"/api/v1/decisions/{quote(receipt.decision_id or '', safe='')}",
            "events": f"{workflow}/events",
        }
    return {
        "reception": receipt.reception,
        "decision_id": receipt.decision_id,
        "plan_id": receipt.plan_id,
        "workflow_id": receipt.workflow_id,
        "reason": receipt.reason,
        "findings": receipt.findings,
        "links": links,
    }


def workflow_address(workflow_id: WorkflowId) -> str:
    """Return the path of a workflow, whatever characters its id has."""
    return f"/api/v1/workflows/{quote(workflow_id, safe='')}"
