"""What operators ask for, turned into facts; what cannot be done is said in words."""

from collections.abc import Iterable, Mapping

import orjson

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.orchestrator import Action, Reply, Request

Ask = (
    facts.ApprovalGiven
    | facts.ApprovalRefused
    | facts.CancelRequested
    | facts.PauseRequested
    | facts.ResumeRequested
)

_FACT_OF: Mapping[Action, type[Ask]] = {
    Action.APPROVE: facts.ApprovalGiven,
    Action.REJECT: facts.ApprovalRefused,
    Action.CANCEL: facts.CancelRequested,
    Action.PAUSE: facts.PauseRequested,
    Action.RESUME: facts.ResumeRequested,
}
DONE = {
    Action.APPROVE: "approved",
    Action.REJECT: "rejected",
    Action.CANCEL: "cancellation has begun",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
}


def fact_of(request: Request, state: ExecutionState, at: int) -> Ask | Reply:
    """Return the fact that carries out `request`, or the reply that says why it cannot be."""
    by, reason = request.by, request.reason
    match request.action:
        case Action.APPROVE | Action.REJECT:
            return _word_on_approval(request, state, at)
        case Action.CANCEL if state.phase in (Phase.COMPENSATING, Phase.CANCELLING):
            return Reply(False, f"it is {state.phase.lower()} already")
        case Action.CANCEL:
            return facts.CancelRequested(at=at, by=by, reason=reason)
        case Action.PAUSE if state.paused:
            return Reply(False, "it is paused already")
        case Action.PAUSE:
            return facts.PauseRequested(at=at, by=by, reason=reason)
        case Action.RESUME if not state.paused:
            return Reply(False, "it is not paused")
        case Action.RESUME:
            return facts.ResumeRequested(at=at, by=by, reason=reason)


def _word_on_approval(request: Request, state: ExecutionState, at: int) -> Ask | Reply:
    numbers = _numbers(request, state)
    if isinstance(numbers, Reply):
        return numbers
    steps = [n for n in state.gated if state.tickets[n].stage is Stage.AWAITING_APPROVAL]
    if state.phase is not Phase.AWAITING_APPROVAL and not steps:
        return Reply(False, "nothing in it waits for approval now")
    if request.action is Action.REJECT:
        return facts.ApprovalRefused(at=at, by=request.by, reason=request.reason, tickets=numbers)
    # Told also where the plan has expired: it then ends as EXPIRED, and the audit knows who tried.
    return facts.ApprovalGiven(at=at, by=request.by, reason=request.reason, tickets=numbers)


def _numbers(request: Request, state: ExecutionState) -> tuple[int, ...] | Reply | None:
    if request.tasks is None:
        return None
    number_of: dict[str, int] = {state.tickets[n].task_id: n for n in state.gated}
    unknown = [name for name in request.tasks if name not in number_of]
    if unknown:
        steps = ", ".join(sorted(number_of)) or "none"
        return Reply(False, f"no such step waits: {', '.join(unknown)}; steps to approve: {steps}")
    return tuple(number_of[name] for name in request.tasks)


def was_carried_out(request: Request, told: Iterable[facts.Fact]) -> bool:
    """Return whether one of the facts that were `told` is what `request` asks for."""
    kind = _FACT_OF[request.action]
    return any(isinstance(fact, kind) and fact.by == request.by for fact in told)


def request_in(body: str, workflow_id: str) -> Request:
    """Return the request that an operator made of a workflow, from its JSON text."""
    said = orjson.loads(body)
    tasks = None if said["tasks"] is None else tuple(said["tasks"])
    return Request(
        action=Action(said["action"]),
        workflow_id=WorkflowId(workflow_id),
        by=said["by"],
        reason=said["reason"],
        tasks=tasks,
    )
