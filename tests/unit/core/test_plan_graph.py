"""The plan as a graph: its order, its longest way, its circles."""

from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from tests.support.plans import a_task

UNKNOWN = 60_000


def graph_of(*tasks: TaskNode) -> PlanGraph:
    """Return the graph of these tasks."""
    return PlanGraph(tasks, UNKNOWN)


def lasting(name: str, duration_ms: int | None, after: str = "") -> TaskNode:
    """Return a task with an estimate."""
    return a_task(name, after=after, estimated_duration_ms=duration_ms)


def test_dependencies_are_positions_without_repetition() -> None:
    """A dependency named twice is one thing to wait for, not two."""
    graph = graph_of(a_task("b", after="a a"), a_task("a"))

    assert graph.dependencies == [(1,), ()]
    assert [list(children) for children in graph.dependants] == [[], [0]]


def test_the_order_is_topological() -> None:
    """Whatever order the plan lists its tasks in."""
    graph = graph_of(a_task("c", after="b"), a_task("b", after="a"), a_task("a"))

    assert graph.order == [2, 1, 0]


def test_ties_go_to_the_longest_way_to_the_end() -> None:
    """What holds up the most comes first."""
    graph = graph_of(
        lasting("short", 1_000), lasting("long", 5_000), lasting("after", 3_000, after="short")
    )

    assert graph.tail_ms == [4_000, 5_000, 3_000]
    assert graph.order == [1, 0, 2]


def test_what_becomes_free_late_can_still_come_first() -> None:
    """The longest way counts among all that are free, not only at the start."""
    graph = graph_of(
        lasting("root", 9_000), lasting("small", 1_000), lasting("big", 8_000, after="root")
    )

    assert graph.order == [0, 2, 1]


def test_remaining_ties_go_to_the_plans_own_order() -> None:
    """So that the order is the same everywhere."""
    assert graph_of(a_task("b"), a_task("a"), a_task("c")).order == [0, 1, 2]


def test_an_unknown_estimate_counts_as_the_shortest_timeout() -> None:
    """None and 0 both mean that nobody knows."""
    graph = graph_of(lasting("a", None), lasting("b", 0), lasting("c", 1))

    assert graph.tail_ms == [UNKNOWN, UNKNOWN, 1]


def test_the_critical_path_is_the_longest_way() -> None:
    """From its first task to its last, and how long it takes by the estimates."""
    graph = graph_of(
        lasting("a", 1_000),
        lasting("b", 2_000, after="a"),
        lasting("c", 7_000, after="a"),
        lasting("d", 3_000, after="b c"),
        lasting("lone", 9_000),
    )

    assert graph.critical_path() == (0, 2, 3)
    assert graph.critical_path_ms == 11_000


def test_of_equal_ways_the_first_is_the_critical_path() -> None:
    """So that two replicas show the same one."""
    assert graph_of(lasting("a", 5), lasting("b", 5)).critical_path() == (0,)


def test_no_tasks_have_no_path() -> None:
    """A plan of nothing is refused elsewhere, and must not break anything here."""
    graph = graph_of()

    assert (graph.critical_path(), graph.critical_path_ms, graph.order) == ((), 0, [])


def test_a_circle_is_found_behind_what_leads_into_it() -> None:
    """Tasks before it are ordered, tasks after it are not part of it."""
    graph = graph_of(
        a_task("first"),
        a_task("after", after="a"),
        a_task("a", after="first b"),
        a_task("b", after="a"),
    )

    assert graph.cycle == (2, 3)
    assert graph.order == [0]
