"""What would become of a plan, and nothing is done."""

import asyncio

from fastapi import APIRouter, Request, Response

from orchestrator_dynamic.api.access import Reader
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.decision_views import Validation
from orchestrator_dynamic.api.described import CHECKED_BODY, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.submission import message_headers

router = APIRouter(prefix="/api/v1/plans", tags=["plans"], route_class=GuardedRoute)

# Below this, a thread costs more than it spares the others.
_IN_PLACE_BYTES_MAX = 32 * 1024


@router.post(
    "/validate",
    response_model=Validation,
    responses=problems("too_large", "unsupported_media_type", "request_timeout"),
    openapi_extra=CHECKED_BODY,
)
async def validate(request: Request, parts: Parts, reader: Reader) -> Response:
    """Check a decision without running it: every finding, the order, the critical path, the end.

    An invalid one is no error of this request: it is told as `valid: false`, with its findings.
    """
    body, headers = await request.body(), message_headers(request)
    if len(body) <= _IN_PLACE_BYTES_MAX:
        return as_json(parts.rehearse(body, headers))
    return as_json(await asyncio.to_thread(parts.rehearse, body, headers))
