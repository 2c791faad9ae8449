"""Cancelling: nothing more is released, workers are told, and the plan ends in bounded time."""

from orchestrator_dynamic.core import commands, plan_flow, ticket_lifecycle
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.facts import CancelRequested
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome


def cancel(state: ExecutionState, fact: CancelRequested) -> None:
    """Begin to cancel; a plan that is being compensated goes on, for half undone helps nobody."""
    why = f"cancelled by {fact.by}" + (f": {fact.reason}" if fact.reason else "")
    if state.phase is Phase.AWAITING_APPROVAL:
        state.audit("plan_cancelled", fact.by, reason=fact.reason or "")
        plan_flow.end(state, Outcome.CANCELLED, why, fact.at)
    elif state.phase in (Phase.RUNNING, Phase.DRAINING):
        state.audit("plan_cancelled", fact.by, reason=fact.reason or "")
        state.phase = Phase.CANCELLING
        state.verdict = why
        state.cancel_until = fact.at + state.policy.cancel_grace_ms
        held = [ticket for ticket in state.tickets if ticket.in_flight]
        plan_flow.close_unreleased(state, Stage.CANCELLED, why, fact.at)
        if held:
            attempts = tuple((ticket.number, ticket.attempt) for ticket in held)
            state.issue(commands.RequestCancellation(attempts))
    elif state.phase is Phase.COMPENSATING and not state.cancel_ignored:
        state.cancel_ignored = True
        state.audit("cancel_ignored", fact.by, reason="the plan is being compensated")


def give_up_if_due(state: ExecutionState, at: int) -> None:
    """Stop waiting for tickets in flight once their last moment is over."""
    if state.phase is Phase.CANCELLING and at >= (state.cancel_until or 0):
        for ticket in [ticket for ticket in state.tickets if ticket.in_flight]:
            why = "cancelled; its worker did not answer in time"
            ticket_lifecycle.close(state, ticket, Stage.CANCELLED, why, at)
