"""Tickets on lease to workers that speak HTTP; docs/worker-protocol.md tells how to use them."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request, Response

from orchestrator_dynamic.api.access import WorkerPrincipal
from orchestrator_dynamic.api.answers import JSON, as_json
from orchestrator_dynamic.api.described import AnyId, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.presence import CallerGone, while_there
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.worker_words import (
    Beats,
    FatesView,
    LeaseView,
    Results,
    SignsView,
    Unbegun,
    Wanted,
    result_of,
)
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import IDENTIFIER, TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.runtime.leases import Beat, Lease, LeaseDesk, TooMuchAsked
from orchestrator_dynamic.wire.message_writer import to_json

router = APIRouter(prefix="/api/v1/workers/{worker_id}", tags=["workers"], route_class=GuardedRoute)

WorkerPath = Annotated[str, AnyId, IDENTIFIER, Path(description="The worker's own name, unique.")]


async def desk_of(parts: Parts) -> LeaseDesk:
    """Return where tickets are lent.

    Raises:
        Problem: `tickets_go_elsewhere`, where they go over the broker.
    """
    if parts.desk is None:
        raise Problem("tickets_go_elsewhere", "tickets go over the broker here, and none is lent")
    return parts.desk


Desk = Annotated[LeaseDesk, Depends(desk_of)]


@router.post(
    "/tickets:lease",
    response_model=LeaseView,
    responses=problems("tickets_go_elsewhere", "conflict", "too_many_requests"),
)
async def lease(
    request: Request,
    worker_id: WorkerPath,
    principal: WorkerPrincipal,
    desk: Desk,
    wanted: Annotated[Wanted | None, Body()] = None,
) -> Response:
    """Take up to `max` of the best tickets that the worker can execute, on lease.

    Waits up to `wait_s` for the first one, and answers with none where none came. Each lease is
    durable when this answers. A ticket whose lease runs out goes to others, as the next attempt.
    """
    wanted = wanted or Wanted()
    profile = WorkerProfile(
        worker_id=worker_id,
        task_types=frozenset(wanted.task_types),
        capabilities=frozenset(wanted.capabilities),
    )
    lending = desk.lend(profile, most=wanted.max, wait_s=wanted.wait_s, lease_s=wanted.lease_s)
    try:
        leases = await while_there(request, lending, desk.give_back)
    except CallerGone:
        return Response(status_code=204)
    except TooMuchAsked as error:
        raise Problem("too_many_requests", str(error)) from error
    return Response(_lent(leases), media_type=JSON)


@router.post(
    "/tickets:heartbeat", response_model=SignsView, responses=problems("tickets_go_elsewhere")
)
async def heartbeat(
    worker_id: WorkerPath, principal: WorkerPrincipal, desk: Desk, beats: Beats
) -> Response:
    """Extend leases, and hear which attempts are not wanted any more."""
    told = [Beat(TicketId(one.ticket_id), one.attempt, one.progress) for one in beats.tickets]
    signs = desk.extend(worker_id, told, beats.lease_s)
    return as_json(
        {
            "tickets": [
                {
                    "ticket_id": one.ticket_id,
                    "attempt": one.attempt,
                    "verdict": one.verdict,
                    "lease_expires_at": one.expires_at,
                }
                for one in signs
            ]
        }
    )


@router.post(
    "/tickets:report", response_model=FatesView, responses=problems("tickets_go_elsewhere")
)
async def report(
    worker_id: WorkerPath, principal: WorkerPrincipal, desk: Desk, results: Results, parts: Parts
) -> Response:
    """Take answers, durable when this answers; saying one again does no harm."""
    now = parts.clock.now_ms()
    told = [result_of(one.ticket_id, worker_id, one, now) for one in results.results]
    fates = await fates_of(desk, worker_id, told)
    return as_json(
        {
            "results": [
                {"ticket_id": one.ticket_id, "attempt": one.attempt, "fate": fate}
                for one, fate in zip(results.results, fates, strict=True)
            ]
        }
    )


@router.post(
    "/tickets:return", response_model=FatesView, responses=problems("tickets_go_elsewhere")
)
async def give_back(
    worker_id: WorkerPath, principal: WorkerPrincipal, desk: Desk, unbegun: Unbegun
) -> Response:
    """Give up leases, for a worker that stops: the same attempts go to others at once.

    Whoever gives an attempt up must not go on with it.
    """
    attempts = [(TicketId(one.ticket_id), one.attempt) for one in unbegun.tickets]
    fates = desk.take_back(worker_id, attempts)
    return as_json(
        {
            "results": [
                {"ticket_id": ticket_id, "attempt": attempt, "fate": fate}
                for (ticket_id, attempt), fate in zip(attempts, fates, strict=True)
            ]
        }
    )


async def fates_of(
    desk: LeaseDesk, worker_id: str, results: list[ExecutionResult]
) -> list[AnswerFate]:
    """Return what became of each of `results`: answers are durable, signs of life are heard."""
    answers = [one for one in results if one.status is not ExecutionStatus.RUNNING]
    beats = [beat_in(one) for one in results if one.status is ExecutionStatus.RUNNING]
    signs = iter(desk.extend(worker_id, beats))
    fates = iter(await desk.take(worker_id, answers) if answers else ())
    told = []
    for one in results:
        if one.status is not ExecutionStatus.RUNNING:
            told.append(next(fates))
        elif next(signs).verdict is HeartbeatVerdict.SUPERSEDED:
            told.append(AnswerFate.STALE_ATTEMPT)
        else:
            told.append(AnswerFate.TAKEN)
    return told


def beat_in(result: ExecutionResult) -> Beat:
    """Return the sign of life that a RUNNING result is."""
    said = result.result.metadata
    return Beat(result.ticket_id, int(said["attempt"]), said.get("progress"))


def _lent(leases: list[Lease]) -> bytes:
    """Return the JSON text of leases; each ticket is written once, in the contract's own words."""
    written = [
        b'{"ticket":%b,"attempt":%d,"lease_expires_at":%d}'
        % (to_json(one.dispatch.ticket), one.dispatch.attempt, one.expires_at)
        for one in leases
    ]
    return b'{"tickets":[' + b",".join(written) + b"]}"
