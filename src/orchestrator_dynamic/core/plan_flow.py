"""How a plan moves: it begins, tickets free others, it halts, undoes, and ends.

Every function costs what it touches: a ticket and those that wait for it. Only halting and
ending look at all tickets, and each happens once in the life of a plan.
"""

from orchestrator_dynamic.core import (
    commands,
    compensation,
    consolidation,
    sla,
    ticket_lifecycle,
)
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.gate import expires_at
from orchestrator_dynamic.core.policy import FailurePolicy
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import required_of
from orchestrator_dynamic.models.vocabulary import Outcome

_RELEASING = (Phase.RUNNING, Phase.COMPENSATING)
_UNDER_WAY = (Phase.RUNNING, Phase.DRAINING, Phase.COMPENSATING, Phase.CANCELLING)


def begin(state: ExecutionState, at: int) -> None:
    """Start the plan: whatever waits for nothing becomes ready."""
    state.phase, state.verdict = Phase.RUNNING, ""
    state.started_at = at
    limit = expires_at(state.decision)
    state.deadline_at = limit if limit is not None else at + state.policy.plan_timeout_ms
    state.audit("plan_started", tickets=str(len(state.tickets)))
    for ticket in state.tickets:
        if ticket.waiting == 0:
            become_ready(state, ticket, at)


def become_ready(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Everything that `ticket` depends on has completed: it may go, or ask for approval."""
    if ticket.number in state.gated:
        state.move(ticket, Stage.AWAITING_APPROVAL)
        state.audit("step_awaits_approval", task_id=ticket.task_id)
        ticket_lifecycle.schedule(state, ticket)
    else:
        ticket_lifecycle.enqueue(state, ticket, at)


def release(state: ExecutionState, at: int) -> None:
    """Publish ready tickets, best first, as far as the limit for one plan allows."""
    if state.paused or state.phase not in _RELEASING:
        return
    room, leaving = state.policy.parallel_tickets_max - state.in_flight, list[tuple[int, int]]()
    while len(leaving) < room and (ticket := state.ready.take(state.tickets)) is not None:
        if state.supply.serves(ticket.task_type, required_of(state, ticket)):
            state.move(ticket, Stage.PUBLISHING)
            leaving.append((ticket.number, ticket.attempt))
        else:
            ticket_lifecycle.starve(state, ticket, at)
    if leaving:
        state.first_released_at = state.first_released_at or at
        state.issue(commands.PublishTickets(tuple(leaving)))


def after_attempt(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Do what the end of `ticket` means for the others, if its last attempt has ended it."""
    undoing = ticket.undoes is not None
    if ticket.stage is Stage.COMPLETED:
        (compensation.after_success if undoing else _after_success)(state, ticket, at)
    elif ticket.stage is Stage.FAILED:
        (compensation.after_failure if undoing else after_failure)(state, ticket, at)


def settle(state: ExecutionState, at: int) -> None:
    """Go on to whatever is due after a fact: undo, end, or release more."""
    if state.phase is Phase.DRAINING:
        if state.in_flight or state.paused:
            return
        # Only attempts that came back are left; they may not go out again.
        close_unreleased(state, Stage.FAILED, "its worker was gone when the plan had failed", at)
        compensation.begin(state, at)
    if state.phase is Phase.CANCELLING and state.in_flight == 0:
        close_unreleased(state, Stage.CANCELLED, state.verdict, at)
    if state.phase in _UNDER_WAY and state.open == 0:
        sla.judge_plan(state, at)
        end(state, consolidation.outcome_of(state), "every ticket has ended", at)
    release(state, at)


def _after_success(state: ExecutionState, ticket: Ticket, at: int) -> None:
    path = ticket.path_ms + ticket.run_ms
    state.critical_path_ms = max(state.critical_path_ms, path)
    if state.graph is None or state.phase is not Phase.RUNNING:
        return
    tickets = state.tickets
    for number in state.graph.dependants[ticket.number]:
        child = tickets[number]
        child.waiting -= 1
        if child.path_ms < path:  # As `max`, in the one loop that runs for every dependency.
            child.path_ms = path
        if child.waiting == 0 and child.stage is Stage.WAITING:
            become_ready(state, child, at)


def after_failure(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Halt the plan, or only what depends on `ticket`, as its failure policy says."""
    if state.phase is not Phase.RUNNING:
        return
    if state.policy.failure_policy is FailurePolicy.ISOLATE:
        _skip_dependants(state, ticket, at)
        return
    state.phase = Phase.DRAINING
    state.verdict = f"task {ticket.task_id} failed for good: {ticket.error}"
    state.audit("plan_draining", task_id=ticket.task_id, reason=ticket.error or "")
    close_unreleased(state, Stage.SKIPPED, f"not run: task {ticket.task_id} failed", at)


def _skip_dependants(state: ExecutionState, ticket: Ticket, at: int) -> None:
    why = f"not run: task {ticket.task_id} failed"
    lost = [ticket.number]
    for number in lost:  # Grows while it is read: this is the queue.
        for child in state.graph.dependants[number] if state.graph else ():
            if state.tickets[child].stage is Stage.WAITING:
                ticket_lifecycle.close(state, state.tickets[child], Stage.SKIPPED, why, at)
                lost.append(child)


def close_unreleased(state: ExecutionState, stage: Stage, why: str, at: int) -> None:
    """End every ticket that is not out with a worker; one that had failed before stays failed."""
    for ticket in state.tickets:
        if not (ticket.terminal or ticket.in_flight):
            failed = ticket.stage is Stage.BACKING_OFF and stage is Stage.SKIPPED
            ticket_lifecycle.close(state, ticket, Stage.FAILED if failed else stage, why, at)


def end(state: ExecutionState, outcome: Outcome, why: str, at: int) -> None:
    """Bring the plan to its outcome: books checked, frame sent."""
    if state.phase is Phase.ENDED:
        return
    close_unreleased(state, Stage.SKIPPED, why, at)
    parked = state.phase is Phase.AWAITING_APPROVAL  # What it waited for is not why it ended.
    state.verdict = why if parked else state.verdict or why
    state.phase, state.outcome, state.ended_at = Phase.ENDED, outcome, at
    consolidation.close_books(state, at)
