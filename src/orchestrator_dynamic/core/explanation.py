"""Why a plan or a ticket is where it is, in words: each decision can be asked for its reason."""

from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.gate import approval_reasons
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import required_of

# A join of thousands of tickets is explained by a few of them.
NAMED_MAX = 5


def why_plan(state: ExecutionState) -> str:
    """Return what the plan waits for now, or how it ended and why."""
    if state.phase is Phase.ENDED:
        return f"ended {state.outcome}: {state.verdict}"
    if state.phase is Phase.AWAITING_APPROVAL:
        return "waits for a person to approve it: " + "; ".join(approval_reasons(state.decision))
    if state.paused:
        return "is paused; nothing is released until it is resumed"
    waiting = state.counts[Stage.AWAITING_APPROVAL]
    if waiting and state.in_flight == 0:
        return f"waits for a person to approve {waiting} of its steps"
    if state.phase is Phase.DRAINING:
        return f"{state.verdict}; {_tickets(state.in_flight)} in flight may end, then it is undone"
    if state.phase is Phase.COMPENSATING:
        return f"is being undone: {state.verdict}"
    if state.phase is Phase.CANCELLING:
        return f"{state.verdict}; {_tickets(state.in_flight)} in flight may still answer"
    if state.starved and state.in_flight == 0:
        return f"waits for workers with the right capabilities for {_tickets(len(state.starved))}"
    return f"runs: {_tickets(state.in_flight)} out, {state.open} not ended"


def why_ticket(state: ExecutionState, ticket: Ticket) -> str:
    """Return what a ticket waits for now, or how it ended and why."""
    match ticket.stage:
        case Stage.WAITING:
            return f"waits for {_unfinished(state, ticket)}"
        case Stage.AWAITING_APPROVAL:
            return "waits for a person to approve this step"
        case Stage.READY if state.paused:
            return "is ready; the plan is paused"
        case Stage.READY:
            most = state.policy.parallel_tickets_max
            return f"is ready; its plan has {state.in_flight} out, of at most {most}"
        case Stage.STARVED:
            wanted = ", ".join(required_of(state, ticket)) or "no capability"
            return f"waits for a worker that executes {ticket.task_type} and has: {wanted}"
        case Stage.PUBLISHING:
            return "waits for a free worker"
        case Stage.RUNNING:
            return f"attempt {ticket.attempt} runs; its answer is awaited until {ticket.run_until}"
        case Stage.BACKING_OFF:
            return f"attempt {ticket.attempt} failed ({ticket.error}); next at {ticket.retry_at}"
        case Stage.COMPLETED | Stage.COMPENSATED:
            return f"ended at attempt {ticket.attempt}, by {ticket.agent}"
        case Stage.COMPENSATING:
            return "is being undone"
        case Stage.FAILED | Stage.SKIPPED | Stage.CANCELLED:
            return ticket.error or "ended"


def _tickets(count: int) -> str:
    return "1 ticket" if count == 1 else f"{count} tickets"


def _unfinished(state: ExecutionState, ticket: Ticket) -> str:
    if ticket.undoes is not None or state.graph is None:
        return "the compensation before it"
    dependencies = (state.tickets[n] for n in state.graph.dependencies[ticket.number])
    names = [other.task_id for other in dependencies if other.stage is not Stage.COMPLETED]
    more = [f"{len(names) - NAMED_MAX} more"] if len(names) > NAMED_MAX else []
    return ", ".join([*names[:NAMED_MAX], *more]) or "its plan to start"
