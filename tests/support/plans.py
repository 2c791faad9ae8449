"""Tasks, plans and decisions that say only what a test is about."""

from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan, TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import TaskType

# 2026-01-01T12:00:00Z, in epoch milliseconds.
NOON = 1_767_268_800_000
SECOND = 1_000
MINUTE = 60_000


def a_task(
    name: str, *, after: str = "", kind: TaskType = TaskType.EXECUTE, **fields: object
) -> TaskNode:
    """Return a task; `after` names the tasks that it waits for, with spaces between them."""
    return TaskNode.model_validate(
        {"task_id": name, "task_type": kind, "dependencies": tuple(after.split()), **fields}
    )


def a_plan(*tasks: TaskNode, **fields: object) -> CognitivePlan:
    """Return a plan of these tasks that nothing stands in the way of."""
    return CognitivePlan.model_validate(
        {"plan_id": "plan-1", "intent_id": "intent-1", "tasks": tasks, **fields}
    )


def a_decision(plan: CognitivePlan, **fields: object) -> ConsolidatedDecision:
    """Return an approval of `plan`, under the plan's own names."""
    return ConsolidatedDecision.model_validate(
        {
            "decision_id": "decision-1",
            "plan_id": plan.plan_id,
            "intent_id": plan.intent_id,
            "final_decision": "approve",
            "cognitive_plan": plan,
            **fields,
        }
    )


def an_execution(decision: ConsolidatedDecision) -> PlanExecution:
    """Return the execution of `decision` before its first fact."""
    return PlanExecution(workflow_id_of(decision.decision_id), decision)
