"""One ticket's result over HTTP, for workers that report one at a time."""

from fastapi import APIRouter, Response

from orchestrator_dynamic.api.access import WorkerPrincipal
from orchestrator_dynamic.api.answers import as_json
from orchestrator_dynamic.api.described import TicketPath, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import Parts
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.routes.workers import Desk, beat_in
from orchestrator_dynamic.api.worker_words import SignedResultWord, TakenView, result_of
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict

router = APIRouter(prefix="/api/v1/tickets", tags=["workers"], route_class=GuardedRoute)


@router.patch(
    "/{ticket_id}/status",
    response_model=TakenView,
    responses=problems("not_found", "stale_attempt", "tickets_go_elsewhere"),
)
async def set_status(
    ticket_id: TicketPath,
    principal: WorkerPrincipal,
    desk: Desk,
    parts: Parts,
    word: SignedResultWord,
) -> Response:
    """Take a worker's word: COMPLETED and FAILED end the attempt, RUNNING extends its lease.

    An answer is durable when this answers, and taken again where it is said again. RUNNING is for
    the worker that has the lease.
    """
    result = result_of(ticket_id, word.agent_id, word, parts.clock.now_ms())
    fate, verdict = AnswerFate.TAKEN, HeartbeatVerdict.GO_ON
    if result.status is ExecutionStatus.RUNNING:
        [sign] = desk.extend(word.agent_id, [beat_in(result)])
        verdict = sign.verdict
        if verdict is HeartbeatVerdict.SUPERSEDED:
            # Says that there is none, where there is none.
            await parts.store.workflow_of_ticket(TicketId(ticket_id))
            fate = AnswerFate.STALE_ATTEMPT
    else:
        [fate] = await desk.take(word.agent_id, [result])
    match fate:
        case AnswerFate.UNKNOWN:
            raise Problem("not_found", f"nobody knows a ticket {ticket_id}")
        case AnswerFate.STALE_ATTEMPT:
            raise Problem(
                "stale_attempt",
                f"attempt {word.attempt} at {ticket_id} is over: another one is current, or the "
                "ticket has ended",
            )
        case AnswerFate.TAKEN:
            told = {"ticket_id": ticket_id, "attempt": word.attempt, "fate": fate}
            return as_json({**told, "verdict": verdict})
