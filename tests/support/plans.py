"""Tasks in a few words, and the execution of a decision before its first fact."""

from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import TaskType
from tests.support import messages

SECOND = 1_000
MINUTE = 60_000


def a_task(
    name: str, *, after: str = "", kind: TaskType = TaskType.EXECUTE, **fields: object
) -> TaskNode:
    """Return a task; `after` names the tasks that it waits for, with spaces between them."""
    return messages.a_task(name, task_type=kind, dependencies=after.split(), **fields)


def an_execution(decision: ConsolidatedDecision) -> PlanExecution:
    """Return the execution of `decision` before its first fact."""
    return PlanExecution(workflow_id_of(decision.decision_id), decision)
