"""C1: is this plan one that can be run? Every reason at once.

The contract itself (types, enumerations, required fields) has been read by the wire; here are the
rules that need the whole plan. Source: rules, "C1 Validate".
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import PlanLimits
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan, TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision

SCHEMA_VERSIONS = (1,)

# A plan of 100,000 tasks with one systematic mistake must not make a report of 100,000 lines.
FINDINGS_PER_CODE_MAX = 20


@dataclass(frozen=True, slots=True)
class Examination:
    """What C1 found, and the plan's graph where it could be drawn.

    Attributes:
        findings: all of them, errors and warnings, in the order of the checks.
        graph: None where task ids or dependencies are wrong, for then there is no graph.
    """

    findings: tuple[Finding, ...]
    graph: PlanGraph | None

    @property
    def valid(self) -> bool:
        """Whether the plan can be run: no finding is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def examine(
    decision: ConsolidatedDecision, limits: PlanLimits, unknown_estimate_ms: int = 60_000
) -> Examination:
    """Return every finding about the plan of `decision`, and its graph.

    Expiry is not judged here but by the gate, which judges it again at every approval.
    """
    plan = decision.cognitive_plan
    findings = [*_about_versions(decision), *_about_agreement(decision), *_about_size(plan, limits)]
    if len(plan.tasks) > limits.tasks_max:
        return Examination(tuple(findings), None)
    findings += _capped(_about_texts(plan, limits))
    findings += _about_order(plan)
    findings += _capped(_about_destructive_tasks(plan))
    broken = [*_capped(_about_ids(plan)), *_capped(_about_dependencies(plan))]
    if broken:
        return Examination((*findings, *broken), None)
    graph = PlanGraph(plan.tasks, unknown_estimate_ms)
    findings += _about_cycle(plan, graph)
    return Examination(tuple(findings), graph)


def _error(code: str, where: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, where, message)


def _capped(findings: Iterator[Finding]) -> Iterator[Finding]:
    seen = Counter[str]()
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= FINDINGS_PER_CODE_MAX:
            yield finding
    for code, count in seen.items():
        if count > FINDINGS_PER_CODE_MAX:
            more = count - FINDINGS_PER_CODE_MAX
            yield _error(code, "tasks", f"… and {more} more findings of this kind")


def _about_versions(decision: ConsolidatedDecision) -> Iterator[Finding]:
    known = ", ".join(map(str, SCHEMA_VERSIONS))
    plan = decision.cognitive_plan
    for where, version in (
        ("schema_version", decision.schema_version),
        ("cognitive_plan.schema_version", plan.schema_version),
    ):
        if version not in SCHEMA_VERSIONS:
            message = f"schema version {version} is not known here; send one of: {known}"
            yield _error("schema_version_unknown", where, message)


def _about_agreement(decision: ConsolidatedDecision) -> Iterator[Finding]:
    plan = decision.cognitive_plan
    for name, ours, theirs in (
        ("plan_id", decision.plan_id, plan.plan_id),
        ("intent_id", decision.intent_id, plan.intent_id),
    ):
        if ours != theirs:
            message = f"the decision says {ours!r} and its plan says {theirs!r}; they must agree"
            yield _error(f"{name}_disagrees", f"cognitive_plan.{name}", message)


def _about_size(plan: CognitivePlan, limits: PlanLimits) -> Iterator[Finding]:
    tasks, dependencies = len(plan.tasks), sum(len(task.dependencies) for task in plan.tasks)
    if tasks == 0:
        yield _error("no_tasks", "cognitive_plan.tasks", "a plan needs at least one task")
    if tasks > limits.tasks_max:
        message = f"{tasks} tasks are more than the {limits.tasks_max} allowed; split the plan"
        yield _error("too_many_tasks", "cognitive_plan.tasks", message)
    if dependencies > limits.dependencies_max:
        allowed = limits.dependencies_max
        message = f"{dependencies} dependencies are more than the {allowed} allowed; split the plan"
        yield _error("too_many_dependencies", "cognitive_plan.tasks", message)


def _about_texts(plan: CognitivePlan, limits: PlanLimits) -> Iterator[Finding]:
    most = limits.text_bytes_max
    for where, text in (
        ("cognitive_plan.reasoning_summary", plan.reasoning_summary),
        ("cognitive_plan.explainability_token", plan.explainability_token),
        *((f"cognitive_plan.metadata.{name}", text) for name, text in plan.metadata.items()),
    ):
        yield from _about_text(where, text, most)
    for number, task in enumerate(plan.tasks):
        # Quick way out for nearly all tasks: even four bytes a character would fit.
        size = len(task.description)
        for text in (*task.parameters.values(), *task.metadata.values()):
            size += len(text)
        if size * 4 > most:
            yield from _about_task_texts(number, task, most)


def _about_task_texts(number: int, task: TaskNode, most: int) -> Iterator[Finding]:
    yield from _about_text(f"cognitive_plan.tasks[{number}].description", task.description, most)
    for part, texts in (("parameters", task.parameters), ("metadata", task.metadata)):
        for name, text in texts.items():
            yield from _about_text(f"cognitive_plan.tasks[{number}].{part}.{name}", text, most)


def _about_text(where: str, text: str, most: int) -> Iterator[Finding]:
    if len(text) * 4 > most and (size := len(text.encode(errors="replace"))) > most:
        message = f"{size} bytes are more than the {most} allowed; send a reference instead"
        yield _error("text_too_long", where, message)


def _about_ids(plan: CognitivePlan) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for number, task in enumerate(plan.tasks):
        if (before := first.setdefault(task.task_id, number)) != number:
            where = f"cognitive_plan.tasks[{number}].task_id"
            message = f"{task.task_id!r} is already the id of tasks[{before}]; make it unique"
            yield _error("duplicate_task_id", where, message)


def _about_dependencies(plan: CognitivePlan) -> Iterator[Finding]:
    known = {task.task_id for task in plan.tasks}
    for number, task in enumerate(plan.tasks):
        for name in task.dependencies:
            if name in known and name != task.task_id:
                continue
            where = f"cognitive_plan.tasks[{number}].dependencies"
            if name == task.task_id:
                message = f"task {name!r} depends on itself; remove the dependency"
                yield _error("self_dependency", where, message)
            else:
                message = f"task {task.task_id!r} depends on {name!r}, which is not in the plan"
                yield _error("missing_dependency", where, message)


def _about_cycle(plan: CognitivePlan, graph: PlanGraph) -> Iterator[Finding]:
    if graph.cycle:
        names = [plan.tasks[number].task_id for number in graph.cycle]
        shown = [*names[:20], f"… {len(names) - 20} more"] if len(names) > 20 else names
        message = "these tasks wait for each other in a circle: " + " → ".join([*shown, names[0]])
        yield _error("dependency_cycle", "cognitive_plan.tasks", message)


def _about_order(plan: CognitivePlan) -> Iterator[Finding]:
    """An order that is absent, wrong or disagrees is only a warning: our own is used."""
    where, told = "cognitive_plan.execution_order", plan.execution_order
    if not told:
        return
    position = {name: place for place, name in enumerate(told)}
    if len(position) != len(told) or position.keys() != {task.task_id for task in plan.tasks}:
        message = "this is not each task once; the order of the dependencies is used"
        yield Finding("order_not_a_permutation", Severity.WARNING, where, message)
        return
    for task in plan.tasks:
        for name in task.dependencies:
            # A dependency that is not in the plan has a finding of its own.
            if position.get(name, -1) > position[task.task_id]:
                message = (
                    f"{task.task_id!r} comes before {name!r}, on which it depends; "
                    "the order of the dependencies is used"
                )
                yield Finding("order_disagrees", Severity.WARNING, where, message)
                return


def _about_destructive_tasks(plan: CognitivePlan) -> Iterator[Finding]:
    known = {task.task_id for task in plan.tasks} if plan.destructive_tasks else set[str]()
    for name in plan.destructive_tasks:
        if name not in known:
            where = "cognitive_plan.destructive_tasks"
            yield _error("missing_destructive_task", where, f"{name!r} is not in the plan")
