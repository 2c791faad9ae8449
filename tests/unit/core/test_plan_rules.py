"""C1: every reason why a plan cannot be run, at once, in words that its sender can act on."""

from collections import Counter
from typing import Any

import pytest

from orchestrator_dynamic.core.plan_rules import (
    FINDINGS_PER_CODE_MAX,
    SCHEMA_VERSIONS,
    Examination,
    examine,
)
from orchestrator_dynamic.core.policy import PlanLimits
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from tests.support.messages import a_decision, a_plan
from tests.support.plans import a_task


def examined(*tasks: TaskNode, limits: PlanLimits | None = None, **plan: object) -> Examination:
    """Return what C1 says about a plan of these tasks."""
    return examine(a_decision(a_plan(tasks=tasks, **plan)), limits or PlanLimits())


def codes(examination: Examination) -> list[str]:
    """Return the codes of all findings, in order."""
    return [finding.code for finding in examination.findings]


def test_a_sound_plan_has_no_findings() -> None:
    """And its graph is drawn, so that nobody need draw it again."""
    examination = examined(
        a_task("a"),
        a_task("b", after="a"),
        execution_order=("a", "b"),
        destructive_tasks=("b",),
    )

    assert examination.findings == ()
    assert examination.valid
    assert examination.graph is not None
    assert examination.graph.dependencies == [(), (0,)]


def test_the_limits_are_those_of_the_rules() -> None:
    """100,000 tasks, 1,000,000 dependencies, 64 KiB a text."""
    assert PlanLimits() == PlanLimits(
        tasks_max=100_000, dependencies_max=1_000_000, text_bytes_max=65_536
    )


def test_a_plan_needs_a_task() -> None:
    """A plan of nothing would succeed at nothing."""
    examination = examined()

    assert examination.findings == (
        Finding(
            "no_tasks", Severity.ERROR, "cognitive_plan.tasks", "a plan needs at least one task"
        ),
    )
    assert not examination.valid


def test_task_ids_are_unique() -> None:
    """Otherwise a dependency could mean either of two tasks."""
    examination = examined(a_task("a"), a_task("b"), a_task("a"))

    (finding,) = examination.findings
    assert finding.code == "duplicate_task_id"
    assert finding.where == "cognitive_plan.tasks[2].task_id"
    assert finding.message == "'a' is already the id of tasks[0]; make it unique"
    assert examination.graph is None


def test_every_dependency_exists() -> None:
    """What waits for nothing that exists would wait for ever."""
    examination = examined(a_task("a"), a_task("b", after="a ghost"))

    (finding,) = examination.findings
    assert finding.code == "missing_dependency"
    assert finding.where == "cognitive_plan.tasks[1].dependencies"
    assert finding.message == "task 'b' depends on 'ghost', which is not in the plan"
    assert examination.graph is None


def test_no_task_depends_on_itself() -> None:
    """The smallest circle has a finding of its own, for it is the commonest slip."""
    examination = examined(a_task("a", after="a"))

    (finding,) = examination.findings
    assert finding.code == "self_dependency"
    assert finding.message == "task 'a' depends on itself; remove the dependency"


def test_a_circle_names_its_tasks_in_order() -> None:
    """Each waits for the next; a task that only leads into the circle is not named."""
    examination = examined(
        a_task("in", after="a"),
        a_task("a", after="b"),
        a_task("b", after="c"),
        a_task("c", after="a"),
        a_task("free"),
    )

    (finding,) = examination.findings
    assert finding.code == "dependency_cycle"
    assert finding.where == "cognitive_plan.tasks"
    assert finding.message == "these tasks wait for each other in a circle: a → b → c → a"


def test_a_long_circle_is_shortened() -> None:
    """Twenty names are enough to find it."""
    ring = [a_task(f"t{n}", after=f"t{(n + 1) % 25}") for n in range(25)]

    (finding,) = examined(*ring).findings

    assert finding.message.endswith("t18 → t19 → … 5 more → t0")


@pytest.mark.parametrize("order", [("a",), ("a", "b", "b"), ("a", "b", "c"), ("a", "a")])
def test_an_execution_order_is_each_task_once(order: tuple[str, ...]) -> None:
    """Anything else is only a warning: our own order is used anyway."""
    examination = examined(a_task("a"), a_task("b"), execution_order=order)

    (finding,) = examination.findings
    assert finding.code == "order_not_a_permutation"
    assert finding.severity is Severity.WARNING
    assert examination.valid


def test_an_execution_order_that_disagrees_with_the_dependencies_is_a_warning() -> None:
    """The dependencies win."""
    tasks = a_task("a"), a_task("b", after="a"), a_task("c", after="a")
    examination = examined(*tasks, execution_order=("b", "c", "a"))

    (finding,) = examination.findings
    assert finding.code == "order_disagrees"
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "'b' comes before 'a', on which it depends; the order of the dependencies is used"
    )
    assert examination.valid


def test_a_plan_need_not_say_an_order() -> None:
    """The dependencies say everything."""
    assert examined(a_task("b", after="a"), a_task("a")).findings == ()


def test_destructive_tasks_exist() -> None:
    """A guard on a task that is not there guards nothing."""
    examination = examined(a_task("a"), destructive_tasks=("a", "b"))

    (finding,) = examination.findings
    assert finding.code == "missing_destructive_task"
    assert finding.message == "'b' is not in the plan"
    assert not examination.valid


def test_a_plan_has_at_most_so_many_tasks() -> None:
    """The limit itself is allowed."""
    limits = PlanLimits(tasks_max=2)

    assert examined(a_task("a"), a_task("b"), limits=limits).valid
    examination = examined(a_task("a"), a_task("b"), a_task("c"), limits=limits)
    assert [finding.message for finding in examination.findings] == [
        "3 tasks are more than the 2 allowed; split the plan"
    ]
    assert examination.graph is None


def test_a_plan_has_at_most_so_many_dependencies() -> None:
    """The limit itself is allowed here too."""
    limits = PlanLimits(dependencies_max=1)

    assert examined(a_task("a"), a_task("b", after="a"), limits=limits).valid
    examination = examined(a_task("a"), a_task("b"), a_task("c", after="a b"), limits=limits)
    assert codes(examination) == ["too_many_dependencies"]


@pytest.mark.parametrize(
    ("plan", "task", "where"),
    [
        ({"reasoning_summary": "x" * 9}, {}, "cognitive_plan.reasoning_summary"),
        ({"explainability_token": "x" * 9}, {}, "cognitive_plan.explainability_token"),
        ({"metadata": {"k": "x" * 9}}, {}, "cognitive_plan.metadata.k"),
        ({}, {"description": "x" * 9}, "cognitive_plan.tasks[0].description"),
        ({}, {"parameters": {"k": "x" * 9}}, "cognitive_plan.tasks[0].parameters.k"),
        ({}, {"metadata": {"k": "x" * 9}}, "cognitive_plan.tasks[0].metadata.k"),
    ],
)
def test_a_text_has_at_most_so_many_bytes(
    plan: dict[str, Any], task: dict[str, Any], where: str
) -> None:
    """A ticket must fit through a broker; large things are sent by reference."""
    (finding,) = examined(a_task("a", **task), limits=PlanLimits(text_bytes_max=8), **plan).findings

    assert finding.code == "text_too_long"
    assert finding.where == where
    assert finding.message == "9 bytes are more than the 8 allowed; send a reference instead"


@pytest.mark.parametrize(("text", "fits"), [("x" * 8, True), ("ä" * 4, True), ("ä" * 5, False)])
def test_texts_are_measured_in_bytes(text: str, fits: bool) -> None:
    """The broker counts bytes, not characters."""
    examination = examined(a_task("a", description=text), limits=PlanLimits(text_bytes_max=8))

    assert examination.valid is fits


def test_decision_and_plan_agree_on_their_ids() -> None:
    """Results and pages are found by these ids; two truths would lose them."""
    decision = a_decision(a_plan(a_task("a")), plan_id="plan-2", intent_id="intent-2")

    findings = examine(decision, PlanLimits()).findings

    assert [(finding.code, finding.where) for finding in findings] == [
        ("plan_id_disagrees", "cognitive_plan.plan_id"),
        ("intent_id_disagrees", "cognitive_plan.intent_id"),
    ]
    assert findings[0].message == (
        "the decision says 'plan-2' and its plan says 'plan-1'; they must agree"
    )


def test_only_known_schema_versions_are_read() -> None:
    """A newer contract may mean something else by the same field."""
    decision = a_decision(a_plan(a_task("a"), schema_version=2), schema_version=0)

    findings = examine(decision, PlanLimits()).findings

    assert SCHEMA_VERSIONS == (1,)
    assert [(finding.where, finding.message) for finding in findings] == [
        ("schema_version", "schema version 0 is not known here; send one of: 1"),
        ("cognitive_plan.schema_version", "schema version 2 is not known here; send one of: 1"),
    ]


def test_every_reason_is_given_at_once() -> None:
    """A sender who mends one fault a day would need a week."""
    decision = a_decision(
        a_plan(
            a_task("a", after="a", description="x" * 100),
            a_task("b", after="ghost"),
            a_task("b"),
            execution_order=("a",),
            destructive_tasks=("c",),
            schema_version=9,
        ),
        plan_id="plan-2",
    )

    findings = examine(decision, PlanLimits(dependencies_max=1, text_bytes_max=50)).findings

    assert {finding.code for finding in findings} == {
        "schema_version_unknown",
        "plan_id_disagrees",
        "too_many_dependencies",
        "text_too_long",
        "duplicate_task_id",
        "self_dependency",
        "missing_dependency",
        "missing_destructive_task",
        "order_not_a_permutation",
    }


def test_an_order_is_judged_although_a_dependency_is_missing() -> None:
    """Both faults are told; the one does not hide the other."""
    examination = examined(a_task("a"), a_task("b", after="a ghost"), execution_order=("b", "a"))

    assert codes(examination) == ["order_disagrees", "missing_dependency"]


def test_one_mistake_made_everywhere_is_told_twenty_times() -> None:
    """A plan of 100,000 tasks with one systematic fault must not make a report of as many lines."""
    tasks = [a_task(f"t{n}", after="ghost") for n in range(23)]

    findings = examined(*tasks).findings

    assert FINDINGS_PER_CODE_MAX == 20
    assert len(findings) == 21
    assert findings[-1].message == "… and 3 more findings of this kind"
    assert findings[-1].code == "missing_dependency"
    assert findings[-1].severity is Severity.ERROR


def test_the_bound_holds_for_each_code_by_itself() -> None:
    """A flood of one kind must not hide the others."""
    tasks = [a_task(f"t{n}", after=f"ghost t{n}") for n in range(20)]

    found = Counter(codes(examined(*tasks)))

    assert found == {"missing_dependency": 20, "self_dependency": 20}
