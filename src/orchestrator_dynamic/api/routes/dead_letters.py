"""What could not be taken in from topics and files, why, and handing it in again."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from orchestrator_dynamic.api.access import Operator, Reader
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.described import Cursor, Limit, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.submission import receipt_shown
from orchestrator_dynamic.api.views import FindingView, Page, ReceiptView
from orchestrator_dynamic.ports.dead_letters import DeadLetter
from orchestrator_dynamic.runtime.requeuing import NotRequeueable

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"], route_class=GuardedRoute)

# The beginning of a body: enough to recognise its sender and what it was about.
BODY_SHOWN_BYTES = 65_536

_ID_MAX = 2**53

LetterPath = Annotated[int, Path(ge=1, le=_ID_MAX)]


class DeadLetterView(BaseModel):
    """What could not be taken in, and why."""

    id: int
    at: int
    reason: str
    source: str
    findings: list[FindingView]
    headers: dict[str, str]
    size: int
    kept: int
    sha256: str
    key: str | None
    requeued_at: int | None
    requeue_outcome: str | None
    truncated: bool


class WholeLetterView(DeadLetterView):
    """The same with the beginning of its body; what is no UTF-8 is escaped."""

    body: str


@router.get("", response_model=Page[DeadLetterView], responses=problems())
async def dead_letters(
    parts: Parts, reader: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List dead letters, newest first."""
    page = await parts.store.dead_letters(limit=limit, after=cursor)
    return as_json({"items": [_shown(one) for one in page.letters], "next": page.next})


@router.get("/{letter_id}", response_model=WholeLetterView, responses=problems("not_found"))
async def dead_letter(letter_id: LetterPath, parts: Parts, reader: Reader) -> Response:
    """Return a dead letter with the beginning of its body."""
    letter, body = await parts.store.dead_letter(letter_id)
    beginning = body[:BODY_SHOWN_BYTES].decode(errors="backslashreplace")
    return as_json({**_shown(letter), "body": beginning})


@router.post(
    "/{letter_id}/requeue",
    status_code=202,
    response_model=ReceiptView,
    responses=problems("not_found", "not_possible"),
)
async def requeue(letter_id: LetterPath, parts: Parts, operator: Operator) -> Response:
    """Hand a dead letter in again, byte for byte, after what was wrong has been mended.

    One that cannot be used this time either is a dead letter again, with `reception` saying so.
    """
    try:
        receipt = await parts.requeue(letter_id, operator.subject)
    except NotRequeueable as error:
        raise Problem("not_possible", str(error)) from error
    return as_json(receipt_shown(receipt), 202)


def _shown(letter: DeadLetter) -> dict[str, Any]:
    shown = {name: getattr(letter, name) for name in letter.__dataclass_fields__}
    return {**shown, "truncated": letter.truncated}
