"""Running again what of an ended plan did not complete: a decision of its own, derived from it.

The ended workflow stays as it ended. Its retry has an id that follows from it, so that asking
twice starts nothing twice, and whatever the gate asks for is asked for again.
"""

import re
from collections.abc import Sequence

from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.gate import expired, expires_at
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Refused
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan, TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.ids import ID_LENGTH_MAX, DecisionId, TaskId, WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.store import StoredTicket, StoredWorkflow
from orchestrator_dynamic.runtime.recovery import OURS
from orchestrator_dynamic.wire import json_text
from orchestrator_dynamic.wire.decision_reader import read_decision
from orchestrator_dynamic.wire.decision_writer import content_hash, decision_object

# As many as a person reads.
_NAMED_MAX = 5

_RETRY = re.compile(r"(.+)~retry-([1-9][0-9]{0,5})", re.DOTALL)


# What has an end of its own accord, and left something undone.
_RETRYABLE = (Outcome.FAILED, Outcome.PARTIAL, Outcome.COMPENSATED, Outcome.CANCELLED)


class NotRetryable(Refused):
    """A workflow that cannot be run again; the message says why."""


def retry_message(
    workflow: StoredWorkflow, decision: bytes, tickets: Sequence[StoredTicket], at: int
) -> bytes:
    """Return the decision that runs again what of `workflow` did not complete, as JSON.

    The same for the same workflow. What had completed and was undone counts as not completed.

    Args:
        decision: as it is kept.
        at: the present moment, epoch ms.

    Raises:
        NotRetryable: it has not ended, left nothing undone, or a person must look first.
    """
    first = read_decision(decision, limits=OURS).decision
    _check(workflow, first, tickets, at)
    done = {one.task_id for one in tickets if one.undoes is None and one.stage is Stage.COMPLETED}
    rest = first.cognitive_plan.tasks
    rest = tuple(_without(task, done) for task in rest if task.task_id not in done)
    if not rest:
        raise NotRetryable(f"every task of {workflow.workflow_id} has completed")
    if len(retried_id(first.decision_id)) > ID_LENGTH_MAX:
        raise NotRetryable(f"the id of {workflow.workflow_id} leaves no room for another one")
    again = first.model_copy(
        update={
            "decision_id": retried_id(first.decision_id),
            "cognitive_plan": _reduced(first.cognitive_plan, rest),
            "metadata": {**first.metadata, "retry_of": workflow.workflow_id},
            "hash": "",
        }
    )
    again = again.model_copy(update={"hash": content_hash(again)})
    return json_text.compact(decision_object(again))


def retried_id(decision_id: str) -> DecisionId:
    """Return the id of the decision that runs again what did not complete of this one."""
    found = _RETRY.fullmatch(decision_id)
    first, number = (decision_id, 0) if found is None else (found[1], int(found[2]))
    return DecisionId(f"{first}~retry-{number + 1}")


def retry_source(decision_id: str) -> WorkflowId | None:
    """Return the workflow that this decision runs again; None where it is the first."""
    found = _RETRY.fullmatch(decision_id)
    if found is None:
        return None
    first, number = found[1], int(found[2])
    return workflow_id_of(DecisionId(first if number == 1 else f"{first}~retry-{number - 1}"))


def _check(
    workflow: StoredWorkflow,
    decision: ConsolidatedDecision,
    tickets: Sequence[StoredTicket],
    at: int,
) -> None:
    name = workflow.workflow_id
    if workflow.outcome is None:
        raise NotRetryable(f"{name} has not ended")
    if workflow.outcome not in _RETRYABLE:
        raise NotRetryable(f"{name} ended {workflow.outcome}: {workflow.reason}")
    undoing = [one for one in tickets if one.undoes is not None]
    if broken := [one.task_id for one in undoing if one.stage is not Stage.COMPLETED]:
        names = ", ".join(broken[:_NAMED_MAX])
        raise NotRetryable(f"the undoing of {names} did not complete; a person must look first")
    if expired(decision, at):
        raise NotRetryable(f"{name} was valid until {expires_at(decision)} (epoch ms)")


def _without(task: TaskNode, done: set[str]) -> TaskNode:
    left = tuple(name for name in task.dependencies if name not in done)
    return task.model_copy(update={"dependencies": left})


def _reduced(plan: CognitivePlan, tasks: tuple[TaskNode, ...]) -> CognitivePlan:
    names = {task.task_id for task in tasks}

    def left(some: Sequence[TaskId]) -> tuple[TaskId, ...]:
        return tuple(name for name in some if name in names)

    return plan.model_copy(
        update={
            "tasks": tasks,
            "execution_order": left(plan.execution_order),
            "destructive_tasks": left(plan.destructive_tasks),
            "estimated_total_duration_ms": None,
        }
    )
