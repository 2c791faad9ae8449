"""Plans to measure with: the shapes that engines are compared by.

`chain` is one task after the other, so that every hop waits for a commit; `fan` is one task, then
all but one of the others side by side, then one; `layered` lets each task depend on half of the
layer before it (on three of it in plans above 10,000 tasks); `many` is plans of eight tasks at
once.
"""

import json
import math
import random
from collections.abc import Iterator, Sequence
from enum import StrEnum

SEED = 42
MANY_PLAN_TASKS = 8
_HALF_LAYER_TASKS_MAX = 10_000
_DEPENDENCIES_MAX = 3


class Shape(StrEnum):
    """The shape of a plan."""

    CHAIN = "chain"
    FAN = "fan"
    LAYERED = "layered"
    MANY = "many"


class Release:
    """Which tasks may go, by counting what each still waits for: order, and nothing besides.

    Args:
        plans: for each plan, for each task, the tasks it depends on.
    """

    def __init__(self, plans: Sequence[list[list[int]]]) -> None:
        self._plans = plans
        self._waiting = [[len(before) for before in edges] for edges in plans]
        self._children = [_children(edges) for edges in plans]

    def roots(self) -> list[tuple[int, int]]:
        """Return the tasks that wait for nothing, each as its plan and its number."""
        counts = enumerate(self._waiting)
        return [(plan, task) for plan, tasks in counts for task, n in enumerate(tasks) if n == 0]

    def before(self, plan: int, task: int) -> list[int]:
        """Return the tasks of the same plan that this one depends on."""
        return self._plans[plan][task]

    def ended(self, plan: int, task: int) -> list[tuple[int, int]]:
        """Return the tasks that may go now that this one has ended."""
        counts, released = self._waiting[plan], []
        for child in self._children[plan][task]:
            counts[child] -= 1
            if counts[child] == 0:
                released.append((plan, child))
        return released


def plans_of(shape: Shape, tasks: int) -> list[list[list[int]]]:
    """Return the dependencies of each plan that `decisions` gives for the same arguments."""
    if shape is Shape.MANY:
        return [dependencies(Shape.FAN, MANY_PLAN_TASKS)] * max(1, tasks // MANY_PLAN_TASKS)
    return [dependencies(shape, tasks)]


def decisions(shape: Shape, tasks: int, run: str) -> Iterator[bytes]:
    """Yield the decisions to measure with; `run` makes their ids differ from another run's."""
    if shape is not Shape.MANY:
        yield decision(f"bench-{shape}-{tasks}-{run}", dependencies(shape, tasks))
        return
    for number in range(max(1, tasks // MANY_PLAN_TASKS)):
        yield decision(f"bench-many-{run}-{number}", dependencies(Shape.FAN, MANY_PLAN_TASKS))


def dependencies(shape: Shape, tasks: int) -> list[list[int]]:
    """Return, for each task, the tasks it depends on; the same for the same arguments."""
    if shape is Shape.CHAIN:
        return [[number - 1] if number else [] for number in range(tasks)]
    if shape is Shape.LAYERED:
        return _layered(tasks)
    middle = [[0] for _ in range(tasks - 2)]
    return [[], *middle, list(range(1, tasks - 1))] if tasks > 2 else [[], [0]][:tasks]


def _layered(tasks: int) -> list[list[int]]:
    chance, width = random.Random(SEED), layer_width(tasks)
    most = width // 2 if tasks <= _HALF_LAYER_TASKS_MAX else _DEPENDENCIES_MAX
    found: list[list[int]] = []
    for number in range(tasks):
        first = (number // width - 1) * width
        found.append(chance.sample(range(first, first + width), max(1, most)) if first >= 0 else [])
    return found


def layer_width(tasks: int) -> int:
    """Return how many tasks a layer has: 25 layers of 40 at 1,000, 100 of 100 at 10,000."""
    return {1_000: 40, 10_000: 100, 100_000: 1_000}.get(tasks, max(1, math.isqrt(tasks)))


def decision(name: str, edges: list[list[int]]) -> bytes:
    """Return an approved decision about tasks that do nothing, as JSON."""
    tasks: list[dict[str, object]] = [
        {
            "task_id": f"t{number}",
            "task_type": "EXECUTE",
            "description": "",
            "dependencies": [f"t{other}" for other in before],
            "estimated_duration_ms": None,
            "required_capabilities": [],
            "parameters": {},
            "metadata": {},
        }
        for number, before in enumerate(edges)
    ]
    plan = {"plan_id": name, "intent_id": "bench", "tasks": tasks, "risk_band": "low"}
    return json.dumps(
        {
            "decision_id": name,
            "plan_id": name,
            "intent_id": "bench",
            "final_decision": "approve",
            "cognitive_plan": json.dumps(plan),
        }
    ).encode()


def _children(edges: list[list[int]]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in edges]
    for task, before in enumerate(edges):
        for other in before:
            children[other].append(task)
    return children
