"""One moment a plan, the earliest first."""

from orchestrator_dynamic.runtime.timers import Timers


def test_plans_come_up_in_the_order_of_their_moments() -> None:
    """A plan that is late must not hide behind one that is early."""
    timers = Timers()
    for workflow, moment in ((1, 30), (2, 10), (3, 20)):
        timers.set(workflow, moment)

    assert timers.earliest() == 10
    assert timers.take_due(20) == [2, 3]
    assert timers.earliest() == 30


def test_a_moment_set_anew_replaces_the_one_before() -> None:
    """Plans change their minds with every ticket."""
    timers = Timers()
    timers.set(1, 10)
    timers.set(1, 50)

    assert timers.take_due(20) == []
    assert timers.take_due(50) == [1]


def test_a_plan_without_a_moment_never_comes_up() -> None:
    """Nothing changes with time for a plan that has ended."""
    timers = Timers()
    timers.set(1, 10)
    timers.set(1, None)

    assert timers.earliest() is None
    assert timers.take_due(100) == []
