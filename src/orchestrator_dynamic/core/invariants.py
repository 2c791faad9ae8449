"""What must be true of a plan; a breach is ours, never its sender's.

`check` is cheap and runs after every fact: a breach stops the plan. `breaches` reads the whole
plan once, when it has ended: a breach is an incident of type INCONSISTENCY.
"""

from collections import Counter

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.ticket import IN_FLIGHT, TERMINAL, Stage, Ticket
from orchestrator_dynamic.errors import InvariantViolation

# Enough to see what is wrong; a broken plan of 100,000 tickets must not make a huge incident.
BREACHES_SHOWN_MAX = 20


def check(state: ExecutionState) -> None:
    """Make sure that the counters can be true.

    Raises:
        InvariantViolation: they cannot; the plan must stop and keep its journal.
    """
    if not 0 <= state.in_flight <= state.open <= len(state.tickets):
        raise InvariantViolation(
            f"{state.workflow_id}: {state.in_flight} tickets in flight, {state.open} open, "
            f"{len(state.tickets)} in all"
        )


def breaches(state: ExecutionState) -> list[str]:
    """Return what does not add up in an ended plan, in words; empty where all is well."""
    found = [*_about_counts(state)]
    for ticket in state.tickets:
        found += _about_ticket(state, ticket)
        if len(found) > BREACHES_SHOWN_MAX:
            return [*found[:BREACHES_SHOWN_MAX], "… and perhaps more"]
    return found


def _about_counts(state: ExecutionState) -> list[str]:
    counted = Counter(ticket.stage for ticket in state.tickets)
    kept = Counter(state.counts) + Counter(state.undo_counts)
    found = [] if counted == kept else [f"tickets by stage are {counted}, the counts say {kept}"]
    still_open = sum(ticket.stage not in TERMINAL for ticket in state.tickets)
    in_flight = sum(ticket.stage in IN_FLIGHT for ticket in state.tickets)
    if (still_open, in_flight) != (state.open, state.in_flight):
        found.append(
            f"{still_open} tickets are open and {in_flight} in flight, the counters say "
            f"{state.open} and {state.in_flight}"
        )
    if still_open:
        found.append(f"{still_open} tickets have not ended")
    return found


def _about_ticket(state: ExecutionState, ticket: Ticket) -> list[str]:
    if ticket.stage not in (Stage.COMPLETED, Stage.COMPENSATED):
        return []
    found: list[str] = []
    ready, started, ended = (
        ticket.ready_at,
        ticket.started_at or ticket.published_at,
        ticket.ended_at,
    )
    if ended is None or ticket.agent is None:
        return [f"{ticket.task_id} completed without a result"]
    if started is not None and started > ended:
        found.append(f"{ticket.task_id} started at {started} and completed at {ended}")
    if ticket.undoes is None and state.graph is not None:
        for number in state.graph.dependencies[ticket.number]:
            before = state.tickets[number]
            if before.ended_at is None or ready is None or before.ended_at > ready:
                found.append(f"{ticket.task_id} was ready before {before.task_id} had completed")
    return found
