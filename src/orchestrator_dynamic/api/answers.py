"""How answers are written: JSON by orjson, and tags by which a stale view is known."""

from hashlib import blake2b
from typing import Annotated, Any

import orjson
from fastapi import Header, Request, Response
from pydantic import BaseModel

from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.errors import InvariantViolation

JSON = "application/json"


def as_json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer of `content`: dataclasses, models, and what JSON has."""
    return Response(encoded(content), status, headers, JSON)


def encoded(content: Any) -> bytes:
    """Return the JSON text of `content`."""
    return orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def tag_of(body: bytes) -> str:
    """Return the entity tag of a representation: another text has another tag."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def tagged(content: Any, request: Request, cache: str = "no-cache") -> Response:
    """Return an answer with its tag, or 304 where the caller has the same already."""
    body = encoded(content)
    headers = {"ETag": tag_of(body), "Cache-Control": cache}
    known = request.headers.get("if-none-match", "")
    if known and headers["ETag"] in (one.strip() for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, JSON)


IfMatch = Annotated[
    str | None,
    Header(description="The ETag of what you decide on; refused with 412 where it has changed."),
]


def check_match(if_match: str | None, content: Any) -> None:
    """Make sure that a caller has seen how things are now.

    Raises:
        Problem: `precondition_failed`, where it has seen something else.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if tag_of(encoded(content)) not in (one.strip() for one in if_match.split(",")):
        raise Problem("precondition_failed", "it has changed since it was fetched")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise InvariantViolation(f"{type(value).__name__} is no JSON")
