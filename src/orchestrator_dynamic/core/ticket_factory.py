"""C2: a plan's tasks become tickets, and a ticket becomes the message that workers take.

Everything about a ticket follows from the decision and the policy, its id included, so a retry,
a restart or a second replica makes the same tickets. Source: rules, "C2 Generate tickets".
"""

from hashlib import sha1
from uuid import UUID

from orchestrator_dynamic.core import scheduling
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.gate import steps_awaiting_approval
from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import STATUS_OF, Ticket
from orchestrator_dynamic.core.trace_context import span_id
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket, QoS, Sla
from orchestrator_dynamic.models.ids import DecisionId, TaskId, TicketId
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    RiskBand,
    TaskType,
)

# The namespace of our ticket ids: uuid5(NAMESPACE_DNS, "tickets.orchestrator-dynamic").
TICKET_NAMESPACE = UUID("d4bc805d-bb2f-5bbf-818a-dffd6f5cac71")

RETRIES_MAX = {RiskBand.CRITICAL: 5, RiskBand.HIGH: 3, RiskBand.MEDIUM: 2, RiskBand.LOW: 1}

_CAREFUL = QoS(
    delivery_mode=DeliveryMode.EXACTLY_ONCE,
    consistency=Consistency.STRONG,
    durability=Durability.PERSISTENT,
)
_USUAL = QoS(
    delivery_mode=DeliveryMode.AT_LEAST_ONCE,
    consistency=Consistency.EVENTUAL,
    durability=Durability.PERSISTENT,
)
QOS = {
    RiskBand.CRITICAL: _CAREFUL,
    RiskBand.HIGH: _CAREFUL,
    RiskBand.MEDIUM: _USUAL,
    RiskBand.LOW: _USUAL,
}


def ticket_id_of(decision_id: DecisionId, task_id: TaskId) -> TicketId:
    """Return the id of the ticket for a task: always the same for the same two ids."""
    return _uuid5(f"{decision_id}\x1f{task_id}")


def compensation_id_of(decision_id: DecisionId, task_id: TaskId) -> TicketId:
    """Return the id of the ticket that undoes a task: always the same for the same two ids."""
    return _uuid5(f"{decision_id}\x1f{task_id}\x1fcompensate")


def _uuid5(name: str) -> TicketId:
    # As `uuid.uuid5`, which spends three times as long on objects that nobody needs here.
    digest = sha1(TICKET_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return TicketId(
        f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
    )


def timeout_of(task: TaskNode, policy: Policy) -> int:
    """Return what an attempt at `task` may take, in milliseconds."""
    estimate = task.estimated_duration_ms or policy.ticket_timeout_min_ms
    return max(policy.ticket_timeout_min_ms, int(policy.ticket_timeout_factor * estimate))


def generated_tickets(
    decision: ConsolidatedDecision, graph: PlanGraph, policy: Policy
) -> list[Ticket]:
    """Return a ticket for each task of the plan, in its order."""
    return [
        Ticket(
            number,
            ticket_id_of(decision.decision_id, task.task_id),
            task.task_id,
            task.task_type,
            timeout_of(task, policy),
            len(graph.dependencies[number]),
        )
        for number, task in enumerate(decision.cognitive_plan.tasks)
    ]


def take_in(state: ExecutionState, graph: PlanGraph, tickets: list[Ticket]) -> None:
    """Give `state` the tickets of its plan, and what belongs to them."""
    band, steps = state.plan.risk_band, steps_awaiting_approval(state.decision)
    state.graph = graph
    state.scores = scheduling.scores_of(band, QOS[band], state.policy)
    for ticket in tickets:
        state.add(ticket)
    state.gated = frozenset(ticket.number for ticket in tickets if ticket.task_id in steps)


def task_of(state: ExecutionState, ticket: Ticket) -> TaskNode:
    """Return the task that `ticket` executes or undoes."""
    return state.plan.tasks[ticket.number if ticket.undoes is None else ticket.undoes]


def required_of(state: ExecutionState, ticket: Ticket) -> tuple[str, ...]:
    """Return the capabilities that `ticket` requires of a worker."""
    return task_of(state, ticket).required_capabilities


def dependencies_of(state: ExecutionState, ticket: Ticket) -> tuple[TicketId, ...]:
    """Return the ids of the tickets that `ticket` waits for; a compensation's one before it."""
    if state.graph is None:
        return ()
    if ticket.undoes is None:
        tickets = state.tickets
        return tuple([tickets[n].ticket_id for n in state.graph.dependencies[ticket.number]])
    first_compensation = ticket.number == len(state.plan.tasks)
    return () if first_compensation else (state.tickets[ticket.number - 1].ticket_id,)


def message_of(state: ExecutionState, number: int) -> ExecutionTicket:
    """Return the ticket as the contract has it, in its present state."""
    ticket = state.tickets[number]
    task, decision, plan = task_of(state, ticket), state.decision, state.plan
    return ExecutionTicket.of_valid(
        ticket_id=ticket.ticket_id,
        plan_id=decision.plan_id,
        intent_id=decision.intent_id,
        decision_id=decision.decision_id,
        correlation_id=decision.correlation_id,
        trace_id=state.trace.told,
        span_id=_span_of(state, ticket),
        task_id=ticket.task_id,
        task_type=ticket.task_type,
        description=task.description,
        dependencies=dependencies_of(state, ticket),
        status=STATUS_OF[ticket.stage],
        priority=plan.original_priority,
        risk_band=plan.risk_band,
        sla=Sla.of_valid(
            deadline=ticket.deadline_at or projected_deadline(state, ticket),
            timeout_ms=ticket.timeout_ms,
            max_retries=RETRIES_MAX[plan.risk_band],
        ),
        qos=QOS[plan.risk_band],
        parameters=task.parameters if ticket.undoes is None else undo_parameters(state, ticket),
        required_capabilities=task.required_capabilities,
        security_level=plan.original_security_level,
        created_at=state.accepted_at,
        started_at=ticket.started_at,
        completed_at=ticket.ended_at,
        estimated_duration_ms=task.estimated_duration_ms,
        actual_duration_ms=ticket.run_ms if ticket.ended_at else None,
        retry_count=ticket.retry_count,
        error_message=ticket.error,
        compensation_ticket_id=(
            None if ticket.undone_by is None else state.tickets[ticket.undone_by].ticket_id
        ),
        metadata={
            **task.metadata,
            "workflow_id": state.workflow_id,
            "attempt": str(ticket.attempt),
            "priority_score": f"{ticket.score:.4f}",
            "allocation_method": state.supply.allocation_method,
        },
        schema_version=1,
    )


def _span_of(state: ExecutionState, ticket: Ticket) -> str | None:
    """Return the span of an attempt; in a trace that is none of W3C's, what the decision says."""
    if state.trace.told != state.trace.trace_id:
        return state.decision.span_id
    return span_id(state.workflow_id, "ticket", ticket.number, ticket.attempt)


def projected_deadline(state: ExecutionState, ticket: Ticket) -> int:
    """Return the deadline to expect for a ticket that is not ready yet, along the critical path."""
    if state.graph is None or ticket.undoes is not None:
        return state.now + ticket.timeout_ms
    begin = state.started_at or state.accepted_at
    before = state.graph.critical_path_ms - state.graph.tail_ms[ticket.number]
    return begin + before + ticket.timeout_ms


# What workers dispatch on. Source: contracts, "Compensation parameters".
UNDO_ACTIONS = {
    TaskType.BUILD: "delete_artifacts",
    TaskType.DEPLOY: "rollback_deployment",
    TaskType.TEST: "cleanup_test_env",
    TaskType.VALIDATE: "revert_approval",
    TaskType.EXECUTE: "rollback_execution",
}


def undo_parameters(state: ExecutionState, ticket: Ticket) -> dict[str, str]:
    """Return the parameters of a compensation: the task's own, and what contracts.md names."""
    task = task_of(state, ticket)
    wanted = task.metadata.get("compensation", "")
    usual = UNDO_ACTIONS.get(task.task_type, "generic_cleanup")
    return {
        **task.parameters,
        "action": usual if wanted in ("", "required") else wanted,
        "reason": state.verdict,
        "original_ticket_id": state.tickets[ticket.undoes or 0].ticket_id,
        "original_task_type": task.task_type,
    }
