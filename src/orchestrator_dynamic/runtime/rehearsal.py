"""C1 to C3 for a message that nobody hands in: what would become of it, and nothing is done.

The first fact of a plan is applied to a plan of its own, as the engine would, and its commands are
read instead of carried out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from orchestrator_dynamic.core import commands, facts
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.gate import Verdict, verdict_on
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.plan_rules import examine
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.wire.decision_reader import ReadLimits, read_decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How the plan would run if every task took as long as was estimated.

    Attributes:
        order: the tasks by number, in topological order, the longest way to the end first.
        critical_path: the tasks by number whose estimates add up to `critical_path_ms`.
        starts_ms: for each task, when it would begin, counted from the start of the plan.
        duration_ms: what the whole plan would take with as many tickets out as are allowed.
        unestimated: how many tasks have no estimate, so that a minute counts for them.
        first: the tasks by number that would go out at once, best first.
    """

    order: tuple[int, ...]
    critical_path: tuple[int, ...]
    critical_path_ms: int
    starts_ms: tuple[int, ...]
    duration_ms: int
    unestimated: int
    first: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would become of a message.

    Attributes:
        findings: every one of them; with an error among them it would not run.
        decision: None where the message could not be read.
        verdict, why: what the gate would say now; None where the message could not be read.
        state: the plan as it would begin, its tickets made; None where it could not.
        schedule: None where there is no graph to follow.
    """

    findings: tuple[Finding, ...]
    envelope: str | None = None
    decision: ConsolidatedDecision | None = None
    verdict: Verdict | None = None
    why: str = ""
    state: ExecutionState | None = None
    schedule: Schedule | None = None

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def rehearse(
    data: bytes,
    headers: Mapping[str, bytes] | None,
    *,
    read_limits: ReadLimits,
    plan_limits: PlanLimits,
    policy: Policy,
    at: int,
) -> Rehearsal:
    """Return what would become of the message in `data` if it were handed in at the moment `at`."""
    try:
        read = read_decision(data, headers, limits=read_limits)
    except InvalidInput as error:
        return Rehearsal(findings=error.findings)
    decision = read.decision
    examination = examine(decision, plan_limits, policy.ticket_timeout_min_ms)
    findings = (*read.warnings, *examination.findings)
    verdict, why = verdict_on(decision, findings, at)
    if verdict is Verdict.EXPIRE:
        expiry = Finding("expired", Severity.ERROR, "valid_until", f"{why}; issue it again")
        findings = (*findings, expiry)
    told = Rehearsal(
        findings=findings, envelope=read.envelope, decision=decision, verdict=verdict, why=why
    )
    if not examination.valid or examination.graph is None:
        return told
    return _with_schedule(told, decision, examination.graph, policy, at)


def _with_schedule(
    told: Rehearsal, decision: ConsolidatedDecision, graph: PlanGraph, policy: Policy, at: int
) -> Rehearsal:
    execution = PlanExecution(workflow_id_of(decision.decision_id), decision, graph)
    issued = execution.apply(facts.DecisionAccepted(at=at, policy=policy))
    unknown_ms = policy.ticket_timeout_min_ms
    tasks = decision.cognitive_plan.tasks
    estimates = [task.estimated_duration_ms or unknown_ms for task in tasks]
    starts, duration = _projected(graph, estimates, policy.parallel_tickets_max)
    schedule = Schedule(
        order=tuple(graph.order),
        critical_path=graph.critical_path(),
        critical_path_ms=graph.critical_path_ms,
        starts_ms=tuple(starts),
        duration_ms=duration,
        unestimated=sum(not task.estimated_duration_ms for task in tasks),
        first=tuple(
            number
            for command in issued
            if isinstance(command, commands.PublishTickets)
            for number, _ in command.tickets
        ),
    )
    return Rehearsal(
        findings=told.findings,
        envelope=told.envelope,
        decision=decision,
        verdict=told.verdict,
        why=told.why,
        state=execution.state,
        schedule=schedule,
    )


def _projected(graph: PlanGraph, estimates: list[int], parallel: int) -> tuple[list[int], int]:
    """Return when each task would begin, and when the last would end, in ms from the start.

    As the scheduler does it: of what is ready, the longest way to the end goes first.
    """
    waiting = [len(names) for names in graph.dependencies]
    ready = [(-graph.tail_ms[n], n) for n, count in enumerate(waiting) if count == 0]
    heapify(ready)
    running: list[tuple[int, int]] = []
    starts, now = [0] * len(waiting), 0
    while ready or running:
        while ready and len(running) < parallel:
            number = heappop(ready)[1]
            starts[number] = now
            heappush(running, (now + estimates[number], number))
        now, done = heappop(running)
        for child in graph.dependants[done]:
            waiting[child] -= 1
            if waiting[child] == 0:
                heappush(ready, (-graph.tail_ms[child], child))
    return starts, now
