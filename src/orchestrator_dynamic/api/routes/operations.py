"""Is it alive, can it take work, what does it measure, who am I to it, how much does it log."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from orchestrator_dynamic.api.access import Operator, Reader
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.described import problems, problems_only
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.problems import PROBLEMS, Problem
from orchestrator_dynamic.api.views import Alive, LogLevelView, Me, ProblemKind, Readiness
from orchestrator_dynamic.observability import logging
from orchestrator_dynamic.observability.metrics import CONTENT_TYPE
from orchestrator_dynamic.ports.probing import Verdict

router = APIRouter(tags=["operations"], route_class=GuardedRoute)


@router.get("/health", response_model=Alive)
async def health() -> Response:
    """Say that the process answers; nothing else is touched."""
    return as_json({"status": "alive"})


@router.get("/ready", response_model=Readiness, responses={503: {"model": Readiness}})
async def ready(parts: Parts) -> Response:
    """Say whether work can be taken, and of each part why not."""
    checks = await parts.checks()
    able = not any(check.verdict is Verdict.PROBLEM for check in checks)
    told = [
        {
            "name": check.name,
            "ok": check.verdict is not Verdict.PROBLEM,
            "detail": check.finding,
            "todo": check.remedy,
        }
        for check in checks
    ]
    return as_json({"ready": able, "checks": told}, 200 if able else 503)


@router.get("/metrics", response_class=PlainTextResponse, responses=problems())
async def metrics(parts: Parts, reader: Reader) -> Response:
    """Return all metrics in Prometheus's text format."""
    return Response(parts.metrics.render(), media_type=CONTENT_TYPE)


@router.get(
    "/problems/{code}",
    response_model=ProblemKind,
    responses=problems_only("bad_request", "not_found"),
)
async def problem(code: str) -> Response:
    """Explain a problem's `type`."""
    if code not in PROBLEMS:
        raise Problem("not_found", "there is no such problem")
    kind = PROBLEMS[code]
    told = {"code": code, "status": kind.status, "title": kind.title, "todo": kind.todo}
    return as_json(told)


@router.get("/api/v1/me", response_model=Me, responses=problems())
async def me(parts: Parts, reader: Reader) -> Response:
    """Say who asks, what they may do, and what this service is."""
    about = parts.about
    return as_json(
        {
            "subject": reader.subject,
            "scopes": sorted(reader.scopes),
            "identity": reader.identity,
            "version": about.version,
            "engine": about.engine,
            "environment": about.environment,
        }
    )


@router.get("/api/v1/log-level", response_model=LogLevelView, responses=problems())
async def log_level(operator: Operator) -> Response:
    """Return the least that is logged."""
    return as_json({"level": logging.level()})


@router.put("/api/v1/log-level", response_model=LogLevelView, responses=problems())
async def change_log_level(wanted: LogLevelView, operator: Operator) -> Response:
    """Change the least that is logged, until the process ends."""
    logging.set_level(wanted.level, actor=operator.subject)
    return as_json({"level": logging.level()})
