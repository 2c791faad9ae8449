"""What can go wrong with a request, as RFC 9457 problem documents.

The table is closed, and a problem's `type` leads to its entry: `/problems/<code>`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from orchestrator_dynamic.api.correlation import correlation_of
from orchestrator_dynamic.errors import (
    Finding,
    InvalidInput,
    OrchestratorError,
    Severity,
    Unavailable,
    advice_on,
)
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.ports.identity import Unauthenticated

PROBLEM_TYPE = "application/problem+json"

# As many findings as a person can work through; the whole message is with its sender.
FINDINGS_MAX = 100

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, a title, and what its caller can do."""

    status: int
    title: str
    todo: str


PROBLEMS: Mapping[str, Kind] = {
    "bad_request": Kind(400, "The request cannot be read", "Mend what `findings` names."),
    "unreadable": Kind(400, "The message cannot be read", "Send one JSON object in UTF-8."),
    "unauthenticated": Kind(
        401, "Nobody is known by this token", "Send `Authorization: Bearer …` with a valid token."
    ),
    "forbidden": Kind(
        403, "The token does not allow this", "Ask for a token with the scope named."
    ),
    "cross_origin": Kind(
        403, "The request came from another site", "Use its own page, or a client that is no page."
    ),
    "separation_of_duties": Kind(
        403, "Who submitted a decision cannot approve it", "Have somebody else approve it."
    ),
    "not_found": Kind(404, "Nothing is known under this name", "Look it up in its list."),
    "method_not_allowed": Kind(405, "The route has no such method", "Use one that `Allow` names."),
    "request_timeout": Kind(408, "The body did not arrive in time", "Send it again, faster."),
    "conflict": Kind(409, "The state does not allow this", "Look at the state, then decide anew."),
    "not_possible": Kind(
        409, "This cannot be done now", "Look at the plan: `detail` says why not."
    ),
    "decision_conflict": Kind(
        409,
        "Another decision has this id",
        "Give the new decision an id of its own; what is known stays as it is.",
    ),
    "stale_attempt": Kind(
        409, "Another attempt is current, or the ticket has ended", "Drop this attempt."
    ),
    "tickets_go_elsewhere": Kind(
        409,
        "Tickets go over the broker here",
        "Take them from its topic: `orq worker NAME`.",
    ),
    "precondition_failed": Kind(
        412, "It has changed since you looked", "Fetch it again and decide on what it is now."
    ),
    "too_large": Kind(413, "The body is too large", "Send less: `detail` names the bound."),
    "unsupported_media_type": Kind(
        415, "The content type is not known here", "Send `Content-Type: application/json`."
    ),
    "invalid": Kind(422, "The message breaks its contract", "Mend what `findings` names."),
    "idempotency_key_reused": Kind(
        422, "The Idempotency-Key was used for another body", "Use a new key for a new body."
    ),
    "too_many_requests": Kind(429, "Too much is open at once", "Wait for `Retry-After` seconds."),
    "internal": Kind(500, "A fault of ours", "Report it with the correlation id."),
    "unavailable": Kind(503, "A part is away for now", "Try again after `Retry-After` seconds."),
}

_BY_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    503: "unavailable",
}

# What a reason of the wire means here; every other is a broken contract.
_BY_REASON = {
    "not_found": "not_found",
    "ambiguous": "not_found",
    "bad_cursor": "bad_request",
    "decision_conflict": "decision_conflict",
    "too_large": "too_large",
    "empty": "unreadable",
    "not_utf8": "unreadable",
    "not_json": "unreadable",
    "duplicate_key": "unreadable",
    "not_a_number": "unreadable",
    "nested_too_deeply": "unreadable",
    "unreadable_avro": "unreadable",
    "unknown_schema": "unreadable",
}

_NOT_DONE = "the request was not carried out; our log says why"
_RETRY_AFTER_S = "2"
COMES_BACK = (429, 503)

_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


class Problem(HTTPException):
    """An answer that is a problem document; raise it anywhere below a route."""

    def __init__(
        self,
        code: str,
        detail: str,
        findings: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(PROBLEMS[code].status, detail, dict(headers or {}))
        self.code = code
        self.findings = findings


def problem_of(error: OrchestratorError) -> Problem:
    """Return what a caller is told of one of our errors; nothing of our inside."""
    if isinstance(error, Unauthenticated):
        return Problem("unauthenticated", str(error), headers={"WWW-Authenticate": "Bearer"})
    if isinstance(error, InvalidInput):
        code = _BY_REASON.get(error.reason, "invalid")
        detail = error.findings[0].message if error.findings else error.reason
        return Problem(code, detail, error.findings)
    if isinstance(error, Unavailable):
        return Problem("unavailable", str(error))
    if advice_on(error).http_status == PROBLEMS["conflict"].status:
        return Problem("conflict", str(error))
    return Problem("internal", _NOT_DONE)


def answer(problem: Problem, path: str, correlation_id: str) -> Response:
    """Return the HTTP answer for a problem."""
    kind = PROBLEMS[problem.code]
    document: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": path,
        "code": problem.code,
        "correlation_id": correlation_id,
    }
    if problem.findings:
        document["findings"] = problem.findings[:FINDINGS_MAX]
    headers = dict(problem.headers or {})
    if kind.status in COMES_BACK:
        headers.setdefault("Retry-After", _RETRY_AFTER_S)
    body = orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, kind.status, headers, PROBLEM_TYPE)


def register(app: FastAPI) -> None:
    """Have every error of `app` answered by a problem document."""

    def say(request: Request, problem: Problem) -> Response:
        return answer(problem, request.url.path, correlation_of(request))

    async def on_ours(request: Request, error: Exception) -> Response:
        ours = _as(OrchestratorError, error)
        problem = problem_of(ours)
        if problem.code == "internal":
            log.error("request_failed", path=request.url.path, exc_info=error)
        return say(request, problem)

    async def on_invalid(request: Request, error: Exception) -> Response:
        findings = [_finding(one) for one in _as(RequestValidationError, error).errors()]
        detail = f"{findings[0].where}: {findings[0].message}"
        return say(request, Problem("bad_request", detail, findings))

    async def on_http(request: Request, error: Exception) -> Response:
        if isinstance(error, Problem):
            return say(request, error)
        http = _as(HTTPException, error)
        code = _BY_STATUS.get(http.status_code, "bad_request")
        headers = http.headers
        if code == "method_not_allowed":
            headers = {"Allow": ", ".join(_methods_at(app, request))}
        return say(request, Problem(code, str(http.detail), headers=headers))

    async def on_anything(request: Request, error: Exception) -> Response:
        # The server's own last handler logs it with its traceback, after this answer has left.
        return say(
            request, Problem("internal", "the request was not carried out; our log says why")
        )

    app.add_exception_handler(OrchestratorError, on_ours)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_anything)


def _methods_at(app: FastAPI, request: Request) -> list[str]:
    """Return what can be done at a path; it may have several routes, each with its own method."""
    found: dict[str, int] = {}
    for method in _METHODS:
        scope = {**request.scope, "method": method, "path_params": {}}
        for matched, inner in (route.matches(scope) for route in _each(app.routes)):
            if matched is Match.FULL:
                found.setdefault(method, len(inner.get("path_params", ())))
    # A path that is written out is no name of something, though it could be one.
    fewest = min(found.values(), default=0)
    return [method for method, names in found.items() if names == fewest]


def _each(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _each(included.routes)


def _as(kind: type[Any], error: Exception) -> Any:
    if not isinstance(error, kind):
        raise error
    return error


def _finding(error: Mapping[str, Any]) -> Finding:
    where = ".".join(str(part) for part in error["loc"])
    return Finding(str(error["type"]), Severity.ERROR, where, str(error["msg"]))
