"""C4: how one ticket travels from WAITING to its end. Source: rules, "C4 Execute".

    WAITING → [AWAITING_APPROVAL] → READY ⇄ STARVED → PUBLISHING → RUNNING → COMPLETED
                                      ↑                            ↓
                                      └──────── BACKING_OFF ←──────┴→ FAILED

What a ticket's end means for the others is decided in `plan_flow`; nothing here looks at a
ticket's neighbours, so each step costs the same in a plan of any size.
"""

from orchestrator_dynamic.core import incidents, scheduling, sla
from orchestrator_dynamic.core.commands import Fate
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.facts import TicketFailed
from orchestrator_dynamic.core.gate import expires_at
from orchestrator_dynamic.core.policy import RetryOwner
from orchestrator_dynamic.core.retry import wait_before_ms
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import RETRIES_MAX
from orchestrator_dynamic.models.vocabulary import IncidentType, ViolationType

# Phases in which a ticket may still be given another attempt.
_GOING_ON = (Phase.RUNNING, Phase.COMPENSATING)


def enqueue(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Make the next attempt ready to go; its turn comes by the scheduling policy."""
    ticket.attempt += 1
    state.retries += ticket.attempt > 1
    ticket.retry_at = ticket.published_at = ticket.started_at = ticket.run_until = None
    ticket.score = state.scores[0]
    sla.start_clock(ticket, at)
    state.move(ticket, Stage.READY)
    state.ready.add(scheduling.order_key(ticket, state.tail_ms(ticket)))
    schedule(state, ticket)


def starve(state: ExecutionState, ticket: Ticket, at: int) -> None:
    """Put aside a ticket that no known worker can execute, until that changes."""
    ticket.starved_at = at
    state.move(ticket, Stage.STARVED)
    state.starved[ticket.number] = None
    schedule(state, ticket)


def feed(state: ExecutionState, ticket: Ticket) -> None:
    """Let a ticket wait for its turn again, with the attempt that it had."""
    state.move(ticket, Stage.READY)
    state.ready.add(scheduling.order_key(ticket, state.tail_ms(ticket)))
    schedule(state, ticket)


def confirm(
    state: ExecutionState, ticket: Ticket, attempt: int, agent: str | None, at: int
) -> None:
    """The bus, or the worker `agent`, has this attempt: it is RUNNING, its time limit begins."""
    if ticket.stage is Stage.PUBLISHING and ticket.attempt == attempt:
        state.move(ticket, Stage.RUNNING)
        if agent is not None:
            ticket.started_at, ticket.agent = at, agent
        ticket.published_at = at
        ticket.run_until = at + ticket.timeout_ms
        state.queue_ms += max(0, at - (ticket.ready_at or at))
        schedule(state, ticket)


def take_back(state: ExecutionState, ticket: Ticket, attempt: int, at: int) -> None:
    """Whoever held this attempt is gone: the same attempt waits for its turn again."""
    if ticket.in_flight and ticket.attempt == attempt and ticket.returned_at != at:
        if ticket.published_at is not None:
            state.queue_ms -= max(0, ticket.published_at - (ticket.ready_at or at))
        ticket.returned_at = at
        ticket.published_at = ticket.started_at = ticket.run_until = None
        feed(state, ticket)


def start(state: ExecutionState, ticket: Ticket, agent: str, at: int) -> None:
    """A worker has begun: its time limit counts from here, not from the queue before it."""
    if ticket.in_flight and ticket.started_at is None:
        ticket.started_at, ticket.agent = at, agent
        ticket.run_until = at + ticket.timeout_ms
        state.touch(ticket)
        schedule(state, ticket)


def fate_of_answer(ticket: Ticket, attempt: int | None) -> Fate:
    """Return whether an answer about `attempt` still matters; None means the worker told none."""
    if attempt is not None and attempt != ticket.attempt:
        return Fate.STALE
    if ticket.in_flight:
        return Fate.ACCEPTED
    if ticket.stage in (Stage.SKIPPED, Stage.CANCELLED):
        return Fate.TOO_LATE
    ended = ticket.terminal or ticket.stage is Stage.COMPENSATING
    return Fate.REPEATED if ended else Fate.STALE


def complete(state: ExecutionState, ticket: Ticket, agent: str, at: int) -> None:
    """The attempt succeeded; the ticket has completed, if late then in violation."""
    if sla.missed(ticket, at):
        sla.violate(state, ticket, ViolationType.DEADLINE_EXCEEDED, at, completed_at=at)
    _end_attempt(state, ticket, Stage.COMPLETED, at)
    ticket.agent, ticket.error = agent, None


def fail(state: ExecutionState, ticket: Ticket, fact: TicketFailed) -> None:
    """The attempt failed: another one follows after a wait, or the ticket has failed for good."""
    ticket.agent = fact.agent
    if sla.missed(ticket, fact.at):
        sla.violate(state, ticket, ViolationType.DEADLINE_EXCEEDED, fact.at)
    owned = state.policy.retry_owner is RetryOwner.ORCHESTRATOR
    retryable = fact.retryable and owned
    why = IncidentType.TICKET_TIMEOUT if fact.timed_out else IncidentType.WORKER_FAILURE
    _fail_attempt(state, ticket, fact.error, retryable, why, fact.at, fact.chance)


def time_out(state: ExecutionState, ticket: Ticket, at: int, chance: float) -> None:
    """No answer came in time: that is a failed attempt, and its deadline was missed."""
    sla.violate(state, ticket, ViolationType.TIMEOUT, at)
    error = f"no answer within {ticket.timeout_ms} ms"
    retryable = state.policy.retry_owner is RetryOwner.ORCHESTRATOR
    _fail_attempt(state, ticket, error, retryable, IncidentType.TICKET_TIMEOUT, at, chance)


def _fail_attempt(
    state: ExecutionState,
    ticket: Ticket,
    error: str,
    retryable: bool,
    why: IncidentType,
    at: int,
    chance: float,
) -> None:
    ticket.error = error
    ticket.timed_out = why is IncidentType.TICKET_TIMEOUT
    left = ticket.attempt <= RETRIES_MAX[state.plan.risk_band]
    if retryable and left and state.phase in _GOING_ON:
        ticket.run_until = None
        ticket.retry_at = at + wait_before_ms(ticket.attempt + 1, state.policy.retry, chance)
        state.move(ticket, Stage.BACKING_OFF)
        schedule(state, ticket)
        return
    cancelling = state.phase is Phase.CANCELLING
    _end_attempt(state, ticket, Stage.CANCELLED if cancelling else Stage.FAILED, at)
    if state.phase in _GOING_ON:
        incidents.ticket_failed(state, ticket, why, at)


def close(state: ExecutionState, ticket: Ticket, stage: Stage, why: str, at: int) -> None:
    """End a ticket that will not run any more, saying why where nothing else has been said."""
    ticket.error = ticket.error or why
    ticket.ended_at = at
    state.starved.pop(ticket.number, None)
    state.move(ticket, stage)
    schedule(state, ticket)


def _end_attempt(state: ExecutionState, ticket: Ticket, stage: Stage, at: int) -> None:
    ticket.ended_at = at
    state.last_ended_at = at
    state.execution_ms += ticket.run_ms
    state.move(ticket, stage)
    schedule(state, ticket)


def schedule(state: ExecutionState, ticket: Ticket) -> None:
    """Note when time alone will next change something about `ticket`."""
    state.due.set(ticket, _next_moment(state, ticket))


def _next_moment(state: ExecutionState, ticket: Ticket) -> int | None:
    stage = ticket.stage
    if stage in (Stage.READY, Stage.PUBLISHING, Stage.RUNNING):
        milestone = sla.next_milestone(ticket, state.policy)
        limit = ticket.run_until
        if milestone is None or limit is None:
            return limit if milestone is None else milestone
        return min(milestone, limit)
    if stage is Stage.BACKING_OFF:
        return ticket.retry_at
    if stage is Stage.STARVED:
        milestone = sla.next_milestone(ticket, state.policy)
        patience = (ticket.starved_at or 0) + state.policy.capability_patience_ms
        moments = (milestone, None if ticket.starved_reported else patience)
        return min((moment for moment in moments if moment is not None), default=None)
    if stage is Stage.AWAITING_APPROVAL:
        limit = expires_at(state.decision)
        return None if limit is None else limit + 1
    return None
