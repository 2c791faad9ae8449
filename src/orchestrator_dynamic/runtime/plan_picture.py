"""What never changes about a plan, for whoever draws it."""

from typing import Any

from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.runtime.recovery import OURS
from orchestrator_dynamic.wire.decision_reader import read_decision


def picture_of(workflow_id: WorkflowId, decision: bytes) -> dict[str, Any]:
    """Return the tasks of a decision as it is kept, each with its layer: how many come before it.

    A plan that is no graph (a cycle, a task that is missing) has its tasks in layer 0, and no
    critical path. Costs the size of the plan: for a thread of its own.
    """
    tasks = read_decision(decision, limits=OURS).decision.cognitive_plan.tasks
    known = {task.task_id for task in tasks}
    sound = len(known) == len(tasks) and all(known.issuperset(one.dependencies) for one in tasks)
    graph = PlanGraph(tasks, Policy().ticket_timeout_min_ms) if sound else None
    if graph is not None and graph.cycle:
        graph = None
    layers = _layers(graph, len(tasks))
    return {
        "workflow_id": workflow_id,
        "tasks": [
            {
                "n": number,
                "id": task.task_id,
                "type": task.task_type,
                "description": task.description,
                "deps": graph.dependencies[number] if graph else (),
                "estimated_ms": task.estimated_duration_ms,
                "capabilities": task.required_capabilities,
                "layer": layers[number],
            }
            for number, task in enumerate(tasks)
        ],
        "critical_path": graph.critical_path() if graph else (),
        "critical_path_ms": graph.critical_path_ms if graph else 0,
        "layers": max(layers, default=-1) + 1,
    }


def _layers(graph: PlanGraph | None, count: int) -> list[int]:
    layers = [0] * count
    if graph is not None:
        for number in graph.order:
            before = graph.dependencies[number]
            layers[number] = 1 + max((layers[one] for one in before), default=-1)
    return layers
