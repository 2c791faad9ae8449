"""The spans of plans, made from what turns have made durable.

A span is told when it has ended, with the ids that `core.trace_context` derives: nothing is kept
open meanwhile, and a restart in the middle of a plan leaves no hole. What a repeated turn tells
again is the same span under the same id.
"""

from collections.abc import Iterator, Mapping

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.ticket import TERMINAL, Stage, Ticket
from orchestrator_dynamic.core.trace_context import SpanKind, span_id
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.observability.span_record import SpanRecord
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.step import Step

# An attempt has ended where a ticket is in one of these; what is undone had ended before.
_ENDED = (TERMINAL | {Stage.BACKING_OFF}) - {Stage.COMPENSATED}
_ACCEPTED = "decision_accepted"

# For so long a span stays in its process at most, while its collector answers.
_IN_HAND_MS = 10_000


def spans_in(step: Step) -> Iterator[SpanRecord]:
    """Yield the spans that have ended in a turn, which is durable."""
    for plan in _accepted_in(step.batch, step.plans):
        plan.attempts_traced = {}
        yield from _of_beginning(plan.state)
    for plan in step.plans.values():
        if plan.attempts_traced is None:
            plan.attempts_traced = {}
            yield from _of_the_last_moments(plan, step)
    for plan, ticket in step.changed():
        if _has_ended(ticket):
            yield from _once(plan, ticket)
    for plan in (*step.ended, *step.halted):
        yield _of_plan(plan.state)


def _accepted_in(batch: Batch, plans: Mapping[int, OpenPlan]) -> Iterator[OpenPlan]:
    for fact in batch.facts:
        if fact.kind == _ACCEPTED and (plan := plans.get(fact.workflow)):
            yield plan


def _of_the_last_moments(plan: OpenPlan, step: Step) -> Iterator[SpanRecord]:
    """Yield again what a plan did just before this process took it up.

    The process before may have been killed with these spans still in its hands; where it was not,
    they are the same ones under the same ids.
    """
    state, now_changed = plan.state, {id(ticket) for _, ticket in step.changed()}
    before = [one for one in state.tickets if _has_ended(one) and id(one) not in now_changed]
    newest = max((one.ended_at or 0 for one in before), default=0)
    if state.accepted_at >= newest - _IN_HAND_MS:
        yield from _of_beginning(state)
    for ticket in before:
        if (ticket.ended_at or 0) >= newest - _IN_HAND_MS:
            yield from _once(plan, ticket)


def _has_ended(ticket: Ticket) -> bool:
    return ticket.stage in _ENDED and ticket.attempt > 0 and ticket.published_at is not None


def _once(plan: OpenPlan, ticket: Ticket) -> Iterator[SpanRecord]:
    """Yield the spans of an attempt, unless they were."""
    traced = plan.attempts_traced
    if traced is not None and traced.get(ticket.number, 0) < ticket.attempt:
        traced[ticket.number] = ticket.attempt
        yield from _of_attempt(plan.state, ticket)


def _of_beginning(state: ExecutionState) -> Iterator[SpanRecord]:
    """Yield C1 and C2, which were done just before the decision was accepted."""
    generated = state.accepted_at
    validated = generated - state.generation_ms
    yield _span(state, "validate", validated - state.validation_ms, validated)
    if state.tickets:
        yield _span(state, "generate", validated, generated, tickets=len(state.plan.tasks))


def _of_plan(state: ExecutionState) -> SpanRecord:
    decision, outcome = state.decision, state.outcome
    well = outcome in (Outcome.SUCCESS, None)
    begin = state.accepted_at - state.generation_ms - state.validation_ms
    return SpanRecord(
        trace_id=state.trace.trace_id,
        span_id=span_id(state.workflow_id, "workflow"),
        parent_id=state.trace.parent_id,
        name="workflow",
        begin=begin,
        end=max(begin, state.ended_at or state.now),
        attributes={
            "orchestration.workflow_id": state.workflow_id,
            "orchestration.decision_id": decision.decision_id,
            "orchestration.plan_id": decision.plan_id,
            "orchestration.intent_id": decision.intent_id,
            "orchestration.correlation_id": decision.correlation_id or "",
            "orchestration.outcome": outcome or "HALTED",
            "orchestration.risk_band": state.plan.risk_band,
            "orchestration.priority": state.plan.original_priority,
            "orchestration.tasks": len(state.plan.tasks),
            "orchestration.retries": state.retries,
        },
        error=None if well else state.verdict,
    )


def _of_attempt(state: ExecutionState, ticket: Ticket) -> Iterator[SpanRecord]:
    """Yield an attempt as a whole, and within it: published, awaited by a worker, run."""
    published = ticket.published_at or 0
    ready = min(ticket.ready_at or published, published)
    ended = max(ticket.ended_at or published, published)
    started = min(ticket.started_at or published, ended)
    whole = span_id(state.workflow_id, "ticket", ticket.number, ticket.attempt)
    # What is undone had completed, and is told as that whenever it is told.
    well = ticket.stage in (Stage.COMPLETED, Stage.COMPENSATING)
    failed = None if well else ticket.error or ticket.stage
    link = None
    if ticket.undoes is not None:
        original = state.tickets[ticket.undoes]
        link = span_id(state.workflow_id, "ticket", original.number, original.attempt)
    yield SpanRecord(
        trace_id=state.trace.trace_id,
        span_id=whole,
        parent_id=span_id(state.workflow_id, "workflow"),
        name=f"{'undo' if ticket.undoes is not None else 'ticket'} {ticket.task_id}",
        begin=ready,
        end=ended,
        attributes={
            "orchestration.workflow_id": state.workflow_id,
            "orchestration.ticket_id": ticket.ticket_id,
            "orchestration.task_id": ticket.task_id,
            "orchestration.task_type": ticket.task_type,
            "orchestration.attempt": ticket.attempt,
            "orchestration.worker": ticket.agent or "",
            "orchestration.stage": Stage.COMPLETED if well else ticket.stage,
        },
        error=failed,
        link=link,
    )
    parts: tuple[tuple[SpanKind, int, int], ...] = (
        ("publish", ready, published),
        ("wait", published, started),
        ("run", started, ended),
    )
    for kind, begin, end in parts:
        own = span_id(state.workflow_id, kind, ticket.number, ticket.attempt)
        error = failed if kind == "run" else None
        yield SpanRecord(state.trace.trace_id, own, whole, kind, begin, max(begin, end), {}, error)


def _span(
    state: ExecutionState, kind: SpanKind, begin: int, end: int, **attributes: int
) -> SpanRecord:
    return SpanRecord(
        trace_id=state.trace.trace_id,
        span_id=span_id(state.workflow_id, kind),
        parent_id=span_id(state.workflow_id, "workflow"),
        name=kind,
        begin=begin,
        end=max(begin, end),
        attributes={f"orchestration.{name}": value for name, value in attributes.items()},
    )
