"""A plan's tasks as a graph of positions, its order, and how far each task is from the end.

Tasks are named by their position in the plan. Building costs O((tasks + dependencies) log tasks),
once a plan; everything that happens later touches a task and its children only.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from orchestrator_dynamic.models.cognitive_plan import TaskNode

_NONE: tuple[int, ...] = ()


class PlanGraph:
    """The graph of tasks that are unique and whose dependencies all exist.

    Attributes:
        dependencies: for each task, the tasks it waits for, without repetition.
        dependants: for each task, the tasks that wait for it, in plan order.
        tail_ms: for each task, the longest way from its start to the end of the plan.
        order: a topological order; ties by the longest tail first, then by the plan's order.
        unknown_estimate_ms: what a task without an estimate counts for.
        cycle: the tasks of one cycle, each waiting for the next, or () where there is none.
            With a cycle `order` holds only the tasks before it, and `tail_ms` means nothing.
    """

    __slots__ = ("cycle", "dependants", "dependencies", "order", "tail_ms", "unknown_estimate_ms")

    def __init__(self, tasks: Sequence[TaskNode], unknown_estimate_ms: int) -> None:
        self.unknown_estimate_ms = unknown_estimate_ms
        number_of = {task.task_id: number for number, task in enumerate(tasks)}
        self.dependencies = [
            tuple(dict.fromkeys(number_of[name] for name in task.dependencies))
            if task.dependencies
            else _NONE
            for task in tasks
        ]
        self.dependants = _reversed_edges(self.dependencies)
        estimates = [task.estimated_duration_ms or unknown_estimate_ms for task in tasks]
        first = self._any_order()
        self.cycle = () if len(first) == len(tasks) else self._cycle_outside(first)
        self.tail_ms = self._tails(first, estimates)
        self.order = first if self.cycle else self._order_by_tail()

    @property
    def critical_path_ms(self) -> int:
        """The longest way through the plan, by the estimates."""
        return max(self.tail_ms, default=0)

    def critical_path(self) -> tuple[int, ...]:
        """Return the tasks of the longest way through the plan, from its start to its end."""
        path: list[int] = []
        candidates: Sequence[int] = range(len(self.dependencies))
        while candidates:
            path.append(max(candidates, key=lambda number: (self.tail_ms[number], -number)))
            candidates = self.dependants[path[-1]]
        return tuple(path)

    def _any_order(self) -> list[int]:
        waiting = [len(names) for names in self.dependencies]
        order = [number for number, count in enumerate(waiting) if count == 0]
        for number in order:  # Grows while it is read: this is the queue.
            for child in self.dependants[number]:
                waiting[child] -= 1
                if waiting[child] == 0:
                    order.append(child)
        return order

    def _order_by_tail(self) -> list[int]:
        waiting = [len(names) for names in self.dependencies]
        ready = [(-self.tail_ms[n], n) for n, count in enumerate(waiting) if count == 0]
        heapify(ready)
        order: list[int] = []
        while ready:
            number = heappop(ready)[1]
            order.append(number)
            for child in self.dependants[number]:
                waiting[child] -= 1
                if waiting[child] == 0:
                    heappush(ready, (-self.tail_ms[child], child))
        return order

    def _tails(self, order: list[int], estimates: list[int]) -> list[int]:
        tails = estimates
        for number in reversed(order):
            children = self.dependants[number]
            if children:
                tails[number] += max([tails[child] for child in children])
        return tails

    def _cycle_outside(self, ordered: list[int]) -> tuple[int, ...]:
        """Walk from a stuck task to a stuck dependency until a task comes up again."""
        free = set(ordered)
        number = next(n for n in range(len(self.dependencies)) if n not in free)
        walked: dict[int, None] = {}
        while number not in walked:
            walked[number] = None
            number = next(n for n in self.dependencies[number] if n not in free)
        path = list(walked)
        return tuple(path[path.index(number) :])


def _reversed_edges(edges: list[tuple[int, ...]]) -> list[Sequence[int]]:
    back: list[Sequence[int]] = [_NONE] * len(edges)
    for number, targets in enumerate(edges):
        for target in targets:
            known = back[target]
            if isinstance(known, list):
                known.append(number)
            else:
                back[target] = [number]
    return back
