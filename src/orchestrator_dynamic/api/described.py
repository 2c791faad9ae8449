"""What routes have in common in the API's description."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BeforeValidator

from orchestrator_dynamic.api.paths import SLASH
from orchestrator_dynamic.api.problems import PROBLEM_TYPE, PROBLEMS
from orchestrator_dynamic.api.views import ProblemView
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.models.ids import ID_LENGTH_MAX, IDENTIFIER, DecisionId
from orchestrator_dynamic.ports.store import PAGE_MAX

_MESSAGE = "A consolidated decision in any envelope of the contract."


def _body(schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": required, "description": _MESSAGE, "content": content}}


# A message is read by its own rules, and not by those of JSON alone.
MESSAGE_BODY = _body({"type": "object"}, required=True)
# What is to be checked may be anything, also nothing.
CHECKED_BODY = _body({}, required=False)

# Every route may meet these.
_ALWAYS = ("bad_request", "unauthenticated", "forbidden", "cross_origin", "internal", "unavailable")

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="At most this many.")]
Cursor = Annotated[
    str | None, Query(pattern=r"^[0-9.]{1,64}$", description="Go on after a page: its `next`.")
]


def _with_slashes(text: object) -> object:
    return text.replace(SLASH, "/") if isinstance(text, str) else text


# An id in a path, as the door has let it through.
AnyId = BeforeValidator(_with_slashes)

# A workflow is named after its decision, and somewhat longer.
_WORKFLOW_LENGTH_MAX = ID_LENGTH_MAX + len(workflow_id_of(DecisionId("")))

WorkflowPath = Annotated[
    str,
    AnyId,
    Path(min_length=1, max_length=_WORKFLOW_LENGTH_MAX, description="A workflow's whole id."),
]
DecisionPath = Annotated[
    str,
    AnyId,
    Path(min_length=1, max_length=ID_LENGTH_MAX, description="A decision's whole id."),
]
PlanPath = Annotated[
    str, AnyId, Path(min_length=1, max_length=ID_LENGTH_MAX, description="A plan's whole id.")
]
TicketPath = Annotated[str, AnyId, IDENTIFIER, Path(description="The ticket's id.")]
Search = Annotated[str | None, Query(min_length=1, max_length=200, description="Part of an id.")]


_NAME = ProblemView.__name__


def header(description: str, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the description of a header of an answer; a text where no schema says otherwise."""
    return {"description": description, "schema": schema or {"type": "string"}}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the description of a route's problem documents, those of every route included."""
    return problems_only(*_ALWAYS, *codes)


def problems_only(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the description of problem documents, by status."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status = PROBLEMS[code].status
        told = by_status.setdefault(
            status,
            {
                "description": "",
                "content": {PROBLEM_TYPE: {"schema": {"$ref": f"#/components/schemas/{_NAME}"}}},
            },
        )
        told["description"] = f"{told['description']}, `{code}`".removeprefix(", ")
    return by_status


_TAG = {"ETag": header("Names how it is now: for `If-Match`, and for `If-None-Match`.")}
TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": _TAG},
    304: {"description": "It is as the caller has it: see `If-None-Match`.", "headers": _TAG},
}
LOCATED: dict[int | str, dict[str, Any]] = {
    202: {"headers": {"Location": header("The path of the workflow, where there is one.")}}
}
