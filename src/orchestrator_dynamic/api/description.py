"""The OpenAPI document: what routes say of themselves, and what holds for all of them."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from orchestrator_dynamic.api.correlation import HEADER
from orchestrator_dynamic.api.described import header, problems_only
from orchestrator_dynamic.api.problems import COMES_BACK, PROBLEMS
from orchestrator_dynamic.api.views import ProblemView

TAGS = [
    {"name": "operations", "description": "Whether it is alive and well, and what it measures."},
    {"name": "decisions", "description": "Handing decisions in, and what was agreed on."},
    {"name": "plans", "description": "What would become of a plan; nothing is done."},
    {"name": "workflows", "description": "Plans on their way and at their end."},
    {"name": "pictures", "description": "What pages draw, and what happens as it happens."},
    {"name": "actions", "description": "What people tell a plan; each is audited with who."},
    {"name": "dead letters", "description": "What could not be taken in, and taking it in again."},
    {"name": "tickets", "description": "Single tickets with their whole story."},
    {"name": "workers", "description": "Tickets on lease to workers that speak HTTP."},
    {"name": "deprecated", "description": "Kept for existing clients; `Link` names what is new."},
]

_REF = "#/components/schemas/{model}"

_NO_CONTROL = r"^\P{Cc}*$"
_SPELT_OUT = r"^[^\x00-\x1f\x7f-\x9f]*$"

# What any body may meet before its route sees it.
_OF_BODIES = problems_only("request_timeout", "too_large", "unsupported_media_type")

_ON_EVERY_PATH = problems_only("cross_origin", "internal")

_ON_ALL = {HEADER: header("The id under which our log has this request.")}
_ON_401 = {"WWW-Authenticate": header("`Bearer`.")}
_ON_COMING_BACK = {
    "Retry-After": header("Seconds after which to try again.", {"type": "integer", "minimum": 0})
}


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        license_info=app.license_info,
    )
    problem = ProblemView.model_json_schema(ref_template=_REF)
    problem["properties"]["code"]["enum"] = sorted(PROBLEMS)
    schemas = document["components"]["schemas"]
    schemas |= problem.pop("$defs", {}) | {ProblemView.__name__: problem}
    # Every invalid request is answered by a problem document instead.
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _spell_out(document)
    for operation in _operations(document):
        _complete(operation)
    return document


def _spell_out(node: object) -> None:
    """Say "no control characters" in words that every reader of patterns knows."""
    if isinstance(node, dict):
        if node.get("pattern") == _NO_CONTROL:
            node["pattern"] = _SPELT_OUT
        for inner in node.values():
            _spell_out(inner)
    elif isinstance(node, list):
        for inner in node:
            _spell_out(inner)


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def _complete(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        del answers["422"]
    for status, told in _ON_EVERY_PATH.items():
        answers.setdefault(str(status), told)
    if "requestBody" in operation:
        for status, told in _OF_BODIES.items():
            answers.setdefault(str(status), told)
    for status, told in answers.items():
        extra = dict(_ON_ALL)
        if status == "401":
            extra |= _ON_401
        if int(status) in COMES_BACK and "application/problem+json" in told.get("content", ()):
            extra |= _ON_COMING_BACK
        # Made anew, for several routes may share what it was made of.
        answers[status] = {**told, "headers": {**told.get("headers", {}), **extra}}
    operation["responses"] = dict(sorted(answers.items()))
