"""Undoing what had completed, in reverse topological order, one after the other.

Source: rules, "C5 Consolidate".
"""

from orchestrator_dynamic.core import ticket_lifecycle
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import compensation_id_of
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.vocabulary import TaskType

# Tasks that change nothing, so that there is nothing to undo.
HARMLESS = frozenset({TaskType.QUERY, TaskType.VALIDATE, TaskType.TRANSFORM})


def needs_undoing(task: TaskNode) -> bool:
    """Return whether completing `task` left something that a failed plan must undo.

    A plan says otherwise for a task by `metadata.compensation`: `none` for nothing to undo,
    `required` for the usual action of its type, or an action of its own.
    """
    wanted = task.metadata.get("compensation", "")
    return wanted != "none" and (wanted != "" or task.task_type not in HARMLESS)


def begin(state: ExecutionState, at: int) -> None:
    """Issue a ticket for each thing to undo and release the first; nothing where there is none."""
    tasks, tickets = state.plan.tasks, state.tickets
    undone = [
        tickets[number]
        for number in reversed(state.graph.order if state.graph else ())
        if tickets[number].stage is Stage.COMPLETED and needs_undoing(tasks[number])
    ]
    if not undone:
        return
    state.phase = Phase.COMPENSATING
    state.audit("compensation_began", tickets=str(len(undone)), reason=state.verdict)
    for original in undone:
        _issue_undo(state, original)
    release_next(state, len(tasks), at)


def _issue_undo(state: ExecutionState, original: Ticket) -> None:
    undo = Ticket(
        len(state.tickets),
        compensation_id_of(state.decision.decision_id, original.task_id),
        original.task_id,
        TaskType.COMPENSATE,
        original.timeout_ms,
        waiting=1,
    )
    undo.undoes, original.undone_by = original.number, undo.number
    state.add(undo)
    state.touch(original)


def release_next(state: ExecutionState, number: int, at: int) -> None:
    """Begin the compensation with this number, if there is one."""
    if number < len(state.tickets):
        undo = state.tickets[number]
        undo.waiting = 0
        state.move(state.tickets[undo.undoes or 0], Stage.COMPENSATING)
        ticket_lifecycle.enqueue(state, undo, at)


def after_success(state: ExecutionState, undo: Ticket, at: int) -> None:
    """What `undo` was for is undone; go on with the next."""
    state.move(state.tickets[undo.undoes or 0], Stage.COMPENSATED)
    release_next(state, undo.number + 1, at)


def after_failure(state: ExecutionState, undo: Ticket, at: int) -> None:
    """Stop undoing: what `undo` was for still stands, and a person has been asked for."""
    state.compensation_broken = True
    state.move(state.tickets[undo.undoes or 0], Stage.COMPLETED)
    why = f"not undone: undoing {undo.task_id} failed"
    for ticket in state.tickets[undo.number + 1 :]:
        ticket_lifecycle.close(state, ticket, Stage.SKIPPED, why, at)
