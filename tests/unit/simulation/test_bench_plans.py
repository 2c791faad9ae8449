"""The order in which floors release tasks: a floor that cheats would flatter nobody but itself."""

import json

import pytest

from orchestrator_dynamic.simulation.bench_plans import Release, Shape, decisions, plans_of


@pytest.mark.parametrize("shape", Shape)
def test_each_task_is_released_once_and_after_what_it_depends_on(shape: Shape) -> None:
    """Otherwise a floor would do less, or more, than the engine beside it."""
    plans = plans_of(shape, 50)
    order = Release(plans)
    released, ended = list(order.roots()), set[tuple[int, int]]()

    for plan, task in released:
        assert {(plan, before) for before in plans[plan][task]} <= ended
        assert order.before(plan, task) == plans[plan][task]
        ended.add((plan, task))
        released += order.ended(plan, task)

    assert sorted(released) == [
        (plan, task) for plan, tasks in enumerate(plans) for task in range(len(tasks))
    ]


@pytest.mark.parametrize("shape", Shape)
def test_floor_and_engine_are_given_the_same_plans(shape: Shape) -> None:
    """A ratio compares two ways to do the same thing."""
    of_the_engine = [
        json.loads(json.loads(message)["cognitive_plan"])["tasks"]
        for message in decisions(shape, 50, "run")
    ]

    assert plans_of(shape, 50) == [
        [[int(name[1:]) for name in task["dependencies"]] for task in tasks]
        for tasks in of_the_engine
    ]
