"""What people tell a plan: cancel, pause, resume, approve, reject; each is recorded with who."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from orchestrator_dynamic.api.access import Approver, Operator
from orchestrator_dynamic.api.answers import IfMatch, as_json, check_match
from orchestrator_dynamic.api.decision_shown import decision_shown
from orchestrator_dynamic.api.described import DecisionPath, WorkflowPath, problems
from orchestrator_dynamic.api.guarding import GuardedRoute
from orchestrator_dynamic.api.parts import ApiParts, Parts
from orchestrator_dynamic.api.problems import Problem
from orchestrator_dynamic.api.shown import submitter_in, workflow_in_full
from orchestrator_dynamic.api.views import ActionReply
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.models.ids import ID_LENGTH_MAX, DecisionId, WorkflowId
from orchestrator_dynamic.ports.identity import Identity, Principal
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.ports.store import StoredWorkflow

router = APIRouter(prefix="/api/v1", tags=["actions"], route_class=GuardedRoute)

# As many steps as a plan can be approved by name; without names all that wait are meant.
_TASKS_MAX = 1_000

_Text = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")]
_Name = Annotated[str, Field(min_length=1, max_length=ID_LENGTH_MAX)]
_REFUSALS = ("not_found", "not_possible", "precondition_failed")


class Why(BaseModel):
    """Why somebody asks for it, for the audit."""

    reason: _Text | None = None


class Word(Why):
    """A person's word on a plan, or on some of its steps."""

    tasks: Annotated[list[_Name], Field(min_length=1, max_length=_TASKS_MAX)] | None = None


WhyBody = Annotated[Why | None, Body()]
WordBody = Annotated[Word | None, Body()]


@router.post(
    "/workflows/{workflow_id}/cancel", response_model=ActionReply, responses=problems(*_REFUSALS)
)
async def cancel(
    workflow_id: WorkflowPath,
    parts: Parts,
    operator: Operator,
    why: WhyBody = None,
    if_match: IfMatch = None,
) -> Response:
    """End a plan as CANCELLED: nothing more is released, and workers are told to stop."""
    return await _steered(Action.CANCEL, workflow_id, parts, operator, why, if_match)


@router.post(
    "/workflows/{workflow_id}/pause", response_model=ActionReply, responses=problems(*_REFUSALS)
)
async def pause(
    workflow_id: WorkflowPath,
    parts: Parts,
    operator: Operator,
    why: WhyBody = None,
    if_match: IfMatch = None,
) -> Response:
    """Release nothing more of a plan until it is resumed; what is out may end."""
    return await _steered(Action.PAUSE, workflow_id, parts, operator, why, if_match)


@router.post(
    "/workflows/{workflow_id}/resume", response_model=ActionReply, responses=problems(*_REFUSALS)
)
async def resume(
    workflow_id: WorkflowPath,
    parts: Parts,
    operator: Operator,
    why: WhyBody = None,
    if_match: IfMatch = None,
) -> Response:
    """Let a paused plan go on."""
    return await _steered(Action.RESUME, workflow_id, parts, operator, why, if_match)


@router.post(
    "/decisions/{decision_id}/approve",
    response_model=ActionReply,
    responses=problems(*_REFUSALS, "separation_of_duties"),
)
async def approve(
    decision_id: DecisionPath,
    parts: Parts,
    approver: Approver,
    word: WordBody = None,
    if_match: IfMatch = None,
) -> Response:
    """Approve a parked plan, or the steps of a running one that wait for approval."""
    return await _decided(Action.APPROVE, decision_id, parts, approver, word, if_match)


@router.post(
    "/decisions/{decision_id}/reject", response_model=ActionReply, responses=problems(*_REFUSALS)
)
async def reject(
    decision_id: DecisionPath,
    parts: Parts,
    approver: Approver,
    word: WordBody = None,
    if_match: IfMatch = None,
) -> Response:
    """Refuse a parked plan, which then ends REJECTED, or steps that wait, which then fail."""
    return await _decided(Action.REJECT, decision_id, parts, approver, word, if_match)


async def _steered(
    action: Action,
    workflow_id: str,
    parts: ApiParts,
    by: Principal,
    why: Why | None,
    if_match: str | None,
) -> Response:
    found = await parts.store.workflow_by_id(WorkflowId(workflow_id))
    if if_match is not None:
        check_match(if_match, await workflow_in_full(parts, found))
    return await _asked(action, found, parts, by, why)


async def _decided(
    action: Action,
    decision_id: str,
    parts: ApiParts,
    by: Principal,
    word: Word | None,
    if_match: str | None,
) -> Response:
    found = await parts.store.workflow_by_id(workflow_id_of(DecisionId(decision_id)))
    if if_match is not None:
        check_match(if_match, await decision_shown(parts, found))
    if action is Action.APPROVE:
        await _check_duties(parts, found, by)
    return await _asked(action, found, parts, by, word)


async def _check_duties(parts: ApiParts, workflow: StoredWorkflow, by: Principal) -> None:
    """Make sure that nobody approves what they have submitted, where somebody is known at all.

    Raises:
        Problem: `separation_of_duties`.
    """
    if by.identity is Identity.OPEN or parts.limits.submitter_may_approve:
        return
    if submitter_in(await parts.store.audit(workflow)) == by.subject:
        raise Problem("separation_of_duties", f"{by.subject} submitted {workflow.decision_id}")


async def _asked(
    action: Action, workflow: StoredWorkflow, parts: ApiParts, by: Principal, why: Why | None
) -> Response:
    if workflow.outcome is not None:
        raise Problem("not_possible", f"it ended {workflow.outcome}: {workflow.reason}")
    tasks = why.tasks if isinstance(why, Word) else None
    reply = await parts.orchestrator.request(
        Request(
            action=action,
            workflow_id=workflow.workflow_id,
            by=by.subject,
            reason=None if why is None else why.reason,
            tasks=None if tasks is None else tuple(tasks),
        )
    )
    if not reply.accepted:
        raise Problem("not_possible", reply.text)
    after = await parts.store.workflow_by_id(workflow.workflow_id)
    told: dict[str, Any] = {"workflow_id": after.workflow_id, "action": action, "accepted": True}
    now = {"phase": after.phase, "paused": after.paused, "outcome": after.outcome}
    return as_json({**told, "reply": reply.text, **now})
