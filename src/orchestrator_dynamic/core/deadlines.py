"""What time alone changes: time-outs, retries, milestones, patience and expiry.

Each ticket has one next moment, and the plan asks for one alarm: the earliest of all. So a plan
of 100,000 tickets needs one timer, whichever driver runs it.
"""

from orchestrator_dynamic.core import (
    approval,
    cancellation,
    incidents,
    plan_flow,
    sla,
    ticket_lifecycle,
)
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.facts import TimePassed
from orchestrator_dynamic.core.gate import expires_at
from orchestrator_dynamic.core.retry import chance_for
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import required_of


def alarm_of(state: ExecutionState) -> int | None:
    """Return when the plan next needs a `TimePassed`, in epoch ms; None where it never does."""
    if state.phase in (Phase.NEW, Phase.ENDED):
        return None
    moments = [state.due.earliest(state.tickets), sla.next_plan_milestone(state)]
    if state.phase is Phase.AWAITING_APPROVAL:
        limit = expires_at(state.decision)
        moments = [None if limit is None else limit + 1]
    elif state.phase is Phase.CANCELLING:
        moments.append(state.cancel_until)
    return min((moment for moment in moments if moment is not None), default=None)


def pass_time(state: ExecutionState, fact: TimePassed) -> None:
    """Do everything that is due at the moment of `fact`, the earliest first."""
    if state.phase is Phase.AWAITING_APPROVAL:
        approval.expire_if_due(state, fact.at)
        return
    sla.pass_plan_milestones(state, fact.at)
    cancellation.give_up_if_due(state, fact.at)
    for ticket in state.due.take_until(fact.at, state.tickets):
        _pass_time_of(state, ticket, fact)


def _pass_time_of(state: ExecutionState, ticket: Ticket, fact: TimePassed) -> None:
    if ticket.stage is Stage.BACKING_OFF:
        if ticket.retry_at is not None and ticket.retry_at <= fact.at:
            ticket_lifecycle.enqueue(state, ticket, fact.at)
    elif ticket.stage is Stage.AWAITING_APPROVAL:
        approval.expire_step(state, ticket, fact.at)
    elif not ticket.terminal:
        if ticket.run_until is not None and ticket.run_until <= fact.at:
            chance = chance_for(ticket.number, fact.chance)
            ticket_lifecycle.time_out(state, ticket, fact.at, chance)
            plan_flow.after_attempt(state, ticket, fact.at)
        else:
            sla.pass_milestones(state, ticket, fact.at)
            _lose_patience(state, ticket, fact.at)
    ticket_lifecycle.schedule(state, ticket)


def _lose_patience(state: ExecutionState, ticket: Ticket, at: int) -> None:
    patient_until = (ticket.starved_at or at) + state.policy.capability_patience_ms
    if ticket.stage is Stage.STARVED and not ticket.starved_reported and patient_until <= at:
        ticket.starved_reported = True
        incidents.starved(state, ticket, required_of(state, ticket), at)
