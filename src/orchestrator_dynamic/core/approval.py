"""What a person's word does: to a parked plan, and to steps that wait for it.

Expiry is checked again when somebody approves: what was valid when it was parked may be stale now.
"""

from collections.abc import Iterator

from orchestrator_dynamic.core import plan_flow, ticket_lifecycle
from orchestrator_dynamic.core.execution_state import ORCHESTRATOR, ExecutionState, Phase
from orchestrator_dynamic.core.facts import ApprovalGiven, ApprovalRefused
from orchestrator_dynamic.core.gate import expired
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.models.vocabulary import Outcome


def approve(state: ExecutionState, fact: ApprovalGiven) -> None:
    """Start a parked plan, or release the steps that wait; what is expired ends instead."""
    if state.phase is Phase.AWAITING_APPROVAL:
        if expired(state.decision, fact.at):
            state.audit("approval_came_too_late", fact.by, reason=fact.reason or "")
            expire_if_due(state, fact.at)
            return
        state.gated = frozenset()
        state.audit("plan_approved", fact.by, reason=fact.reason or "")
        plan_flow.begin(state, fact.at)
        return
    for ticket in _waiting_steps(state, fact.tickets):
        if expired(state.decision, fact.at):
            expire_step(state, ticket, fact.at)
        else:
            _audit_step(state, "step_approved", ticket, fact)
            ticket_lifecycle.enqueue(state, ticket, fact.at)


def refuse(state: ExecutionState, fact: ApprovalRefused) -> None:
    """End a parked plan as REJECTED, or fail the steps that wait."""
    if state.phase is Phase.AWAITING_APPROVAL:
        state.audit("plan_refused", fact.by, reason=fact.reason or "")
        plan_flow.end(state, Outcome.REJECTED, f"refused by {fact.by}", fact.at)
        return
    for ticket in _waiting_steps(state, fact.tickets):
        _audit_step(state, "step_refused", ticket, fact)
        why = f"approval was refused by {fact.by}" + (f": {fact.reason}" if fact.reason else "")
        ticket_lifecycle.close(state, ticket, Stage.FAILED, why, fact.at)
        plan_flow.after_failure(state, ticket, fact.at)


def expire_if_due(state: ExecutionState, at: int) -> None:
    """End a parked plan as EXPIRED once its time is over."""
    if state.phase is Phase.AWAITING_APPROVAL and expired(state.decision, at):
        state.audit("plan_expired", ORCHESTRATOR)
        plan_flow.end(state, Outcome.EXPIRED, "it expired while it waited for approval", at)


def expire_step(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Fail a step whose approval did not come while the plan was valid."""
    if ticket.stage is Stage.AWAITING_APPROVAL and expired(state.decision, at):
        state.audit("step_expired", ORCHESTRATOR, task_id=ticket.task_id)
        why = "nobody approved this step while the plan was valid"
        ticket_lifecycle.close(state, ticket, Stage.FAILED, why, at)
        plan_flow.after_failure(state, ticket, at)


def _waiting_steps(state: ExecutionState, numbers: tuple[int, ...] | None) -> Iterator[Ticket]:
    """Yield the steps in `numbers` that wait for approval now; all that do, where None."""
    for number in sorted(state.gated) if numbers is None else numbers:
        ticket = state.ticket(number)
        if ticket.stage is Stage.AWAITING_APPROVAL:
            yield ticket


def _audit_step(
    state: ExecutionState, action: str, ticket: Ticket, fact: ApprovalGiven | ApprovalRefused
) -> None:
    state.audit(action, fact.by, task_id=ticket.task_id, reason=fact.reason or "")
