"""C1 and C2 alone, in a plan of 100,000 tasks."""

from time import perf_counter, process_time

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.plan_rules import examine
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies
from orchestrator_dynamic.wire.decision_reader import read_decision


def measure(tasks: int) -> dict[str, object]:
    """Return the seconds for reading the message, for C1 and for C2."""
    message = decision("validation", dependencies(Shape.LAYERED, tasks))
    began, cpu = perf_counter(), process_time()
    read = read_decision(message).decision
    was_read = perf_counter()
    examination = examine(read, PlanLimits())
    examined = perf_counter()
    execution = PlanExecution(workflow_id_of(read.decision_id), read, examination.graph)
    execution.apply(facts.DecisionAccepted(at=0, policy=Policy()))
    return {
        "validation": f"{tasks} tasks, layered",
        "read_s": round(was_read - began, 3),
        "c1_s": round(examined - was_read, 3),
        "c2_s": round(perf_counter() - examined, 3),
        "cpu_s": round(process_time() - cpu, 3),
    }
