"""Random plans, decisions and policies: of every shape, kept small so that failures are short."""

from math import prod
from typing import Any

from hypothesis import strategies as st

from orchestrator_dynamic.core.facts import WorkerSkills
from orchestrator_dynamic.core.policy import FailurePolicy, Policy, RetryOwner
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan, TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import ApprovalStatus, DecisionType, RiskBand, TaskType
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import MINUTE, a_task

NAMES = "abcdefghijkl"
TASK_TYPES = [kind for kind in TaskType if kind is not TaskType.COMPENSATE]
UNDOABLE_TYPES = [TaskType.BUILD, TaskType.DEPLOY]
COMPENSATIONS: list[dict[str, str]] = [
    {},
    {},
    {"compensation": "none"},
    {"compensation": "required"},
    {"compensation": "ring_the_bell"},
]
ESTIMATES = [None, 0, 1_000, 30_000, 120_000]
CAPABILITIES: list[tuple[str, ...]] = [(), (), ("gpu",), ("gpu", "db")]

SUPPLIES: list[tuple[WorkerSkills, ...] | None] = [
    None,
    (),
    (WorkerSkills(),),
    (WorkerSkills(capabilities=("gpu",)),),
    (WorkerSkills(("EXECUTE", "BUILD"), ("db", "gpu")), WorkerSkills(("QUERY",))),
]


def digits(number: int, *bases: int) -> list[int]:
    """Return what `number` says in a system of these bases, the first changing fastest.

    Drawing one number and reading many choices from it is ten times as fast as drawing each.
    """
    read: list[int] = []
    for base in bases:
        number, digit = divmod(number, base)
        read.append(digit)
    return read


@st.composite
def tasks(draw: st.DrawFn, most: int = 12, *, undoable: bool = False) -> tuple[TaskNode, ...]:
    """Draw tasks that wait for each other in no circle, in any order; names may be repeated.

    Args:
        undoable: only tasks whose completion a failed plan must undo.
    """
    kinds = UNDOABLE_TYPES if undoable else TASK_TYPES
    compensations = COMPENSATIONS[:1] if undoable else COMPENSATIONS
    choices: tuple[list[Any], ...] = (kinds, compensations, ESTIMATES, CAPABILITIES)
    drawn: list[TaskNode] = []
    counts = [*range(1, most + 1), *range(most // 2, most + 1)]
    for number, name in enumerate(NAMES[: draw(st.sampled_from(counts))]):
        # Each parent is one of the tasks before or, as likely as each of them, none.
        bases = (*map(len, choices), number + 1, number + 1, number + 1, number + 1)
        *chosen, place, first, second, third = digits(draw(st.integers(0, prod(bases) - 1)), *bases)
        kind, metadata, estimate, required = (c[d] for c, d in zip(choices, chosen, strict=True))
        task = a_task(
            name,
            after=" ".join(NAMES[n] for n in (first, second, third) if n < number),
            kind=kind,
            estimated_duration_ms=estimate,
            required_capabilities=required,
            metadata=metadata,
        )
        drawn.insert(place, task)
    return tuple(drawn)


@st.composite
def plans(draw: st.DrawFn, most: int = 12, *, undoable: bool = False) -> CognitivePlan:
    """Draw a plan that C1 accepts; some of its steps may want a person's approval."""
    chosen = draw(tasks(most, undoable=undoable))
    names = [task.task_id for task in chosen]
    return a_plan(
        *chosen,
        risk_band=draw(st.sampled_from(RiskBand)),
        destructive_tasks=tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
        approval_status=draw(st.sampled_from([None, None, ApprovalStatus.APPROVED])),
        valid_until=draw(st.sampled_from([None, None, None, NOON + 3 * MINUTE])),
    )


@st.composite
def decisions(draw: st.DrawFn, most: int = 12) -> ConsolidatedDecision:
    """Draw a decision that runs, or waits for a person; now and then one that never runs."""
    rarely = [DecisionType.REVIEW_REQUIRED, DecisionType.CONDITIONAL, DecisionType.REJECT]
    usually = [DecisionType.APPROVE] * 17
    return a_decision(
        draw(plans(most)),
        final_decision=draw(st.sampled_from([*usually, *rarely])),
        valid_until=draw(st.sampled_from([None, None, None, NOON + 40 * MINUTE])),
    )


def approvals(most: int = 12, *, undoable: bool = False) -> st.SearchStrategy[ConsolidatedDecision]:
    """Draw decisions that run at once, without a limit of validity."""
    free = {"destructive_tasks": (), "valid_until": None}
    shaped = plans(most, undoable=undoable)
    return shaped.map(lambda plan: a_decision(plan.model_copy(update=free)))


def policies(
    failure: FailurePolicy | None = None, *, parallel: int | None = None
) -> st.SearchStrategy[Policy]:
    """Draw policies whose limits are low enough to be met."""
    return st.builds(
        Policy,
        parallel_tickets_max=st.just(parallel) if parallel else st.sampled_from([1, 2, 3, 100]),
        plan_timeout_ms=st.sampled_from([2 * MINUTE, 60 * MINUTE]),
        capability_patience_ms=st.sampled_from([1_000, MINUTE, 10 * MINUTE]),
        cancel_grace_ms=st.sampled_from([1_000, 30_000, 90_000]),
        failure_policy=st.just(failure) if failure else st.sampled_from(FailurePolicy),
        retry_owner=st.sampled_from([*[RetryOwner.ORCHESTRATOR] * 3, RetryOwner.WORKER]),
    )
