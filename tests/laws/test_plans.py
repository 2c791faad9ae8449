"""C1 and C2: which plans can be run, in which order, and by which names."""

from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from uuid import uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.plan_rules import examine
from orchestrator_dynamic.core.policy import PlanLimits
from orchestrator_dynamic.core.ticket_factory import (
    TICKET_NAMESPACE,
    compensation_id_of,
    ticket_id_of,
)
from orchestrator_dynamic.errors import Severity
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.ids import DecisionId, TaskId
from tests.support.messages import a_decision, a_plan
from tests.support.plan_strategies import tasks
from tests.support.plans import a_task

ESTIMATE = 60_000
NAMES = "abcdef"


@st.composite
def careless_tasks(draw: st.DrawFn, names: str = NAMES + "?") -> list[TaskNode]:
    """Draw tasks that may wait in circles, for themselves, and for what is not there."""
    some = st.lists(st.sampled_from(names), max_size=3)
    return [a_task(name, after=" ".join(draw(some))) for name in draw(st.sampled_from(SHAPES))]


SHAPES = ["a", "ab", "abc", "abcd", "abcdef", "", "aa", "abca", "abccb"]


@st.composite
def knotted_tasks(draw: st.DrawFn) -> list[TaskNode]:
    """Draw unique tasks that wait for each other only, with a circle as likely as not."""
    some = st.lists(st.sampled_from(NAMES), max_size=2)
    return [
        a_task(name, after=" ".join(other for other in draw(some) if other != name))
        for name in NAMES
    ]


@settings(max_examples=120)
@given(tasks())
def test_the_order_is_a_linear_extension(drawn: tuple[TaskNode, ...]) -> None:
    """Each task once, and none before what it waits for."""
    graph = PlanGraph(drawn, ESTIMATE)
    place = {number: place for place, number in enumerate(graph.order)}

    assert sorted(graph.order) == list(range(len(drawn)))
    assert graph.cycle == ()
    for number, before in enumerate(graph.dependencies):
        assert all(place[other] < place[number] for other in before)


@settings(max_examples=120)
@given(tasks())
def test_the_critical_path_is_the_longest_way(drawn: tuple[TaskNode, ...]) -> None:
    """Deadlines are projected along it, and ties are broken by it."""
    graph = PlanGraph(drawn, ESTIMATE)
    lengths = [task.estimated_duration_ms or ESTIMATE for task in drawn]
    best: dict[int, int] = {}
    for number in reversed(graph.order):
        after = [best[child] for child in graph.dependants[number]]
        best[number] = lengths[number] + max(after, default=0)

    path = graph.critical_path()

    assert [best[number] for number in range(len(drawn))] == graph.tail_ms
    assert sum(lengths[number] for number in path) == graph.critical_path_ms == max(best.values())
    assert graph.dependencies[path[0]] == ()
    assert all(b in graph.dependants[a] for a, b in pairwise(path))


@settings(max_examples=120)
@given(knotted_tasks())
def test_a_circle_is_found_if_and_only_if_there_is_one(drawn: list[TaskNode]) -> None:
    """What is called a circle is one: each of its tasks waits for the next."""
    graph = PlanGraph(drawn, ESTIMATE)
    sorter = TopologicalSorter({task.task_id: task.dependencies for task in drawn})
    try:
        sorter.prepare()
        circular = False
    except CycleError:
        circular = True

    assert bool(graph.cycle) == circular
    assert len(set(graph.cycle)) == len(graph.cycle)
    for here, there in zip(graph.cycle, (*graph.cycle[1:], *graph.cycle[:1]), strict=True):
        assert there in graph.dependencies[here]


@settings(max_examples=200)
@given(careless_tasks(), st.lists(st.sampled_from(NAMES + "?"), max_size=6))
def test_a_valid_plan_has_a_graph_without_a_circle(drawn: list[TaskNode], named: list[str]) -> None:
    """Whatever is sent, C1 answers; and what it lets through can be run."""
    plan = a_plan(tasks=drawn, execution_order=named, destructive_tasks=named[:2])

    examined = examine(a_decision(plan), PlanLimits())

    errors = [f for f in examined.findings if f.severity is Severity.ERROR]
    assert examined.valid == (errors == [])
    if examined.valid:
        assert examined.graph is not None
        assert examined.graph.cycle == ()
        assert len(examined.graph.order) == len(drawn) > 0


@settings(max_examples=200)
@given(st.text(), st.text())
def test_ids_of_tickets_are_uuids_of_version_5(decision: str, task: str) -> None:
    """Anybody who knows the two ids can find the ticket, in any language."""
    decision_id, task_id = DecisionId(decision), TaskId(task)
    name = f"{decision}\x1f{task}"

    assert ticket_id_of(decision_id, task_id) == str(uuid5(TICKET_NAMESPACE, name))
    assert compensation_id_of(decision_id, task_id) == str(
        uuid5(TICKET_NAMESPACE, f"{name}\x1fcompensate")
    )
