"""Processes tell of one plan by clocks of their own; its books add up all the same."""

from contextlib import closing

from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import a_chain, a_message
from tests.support.messages import a_result, a_task
from tests.support.temporal_turns import Plans, TurnedPlans, embedded_plans, in_memory
from tests.support.temporal_world import HASTY

# An answer that a quick worker gives is taken before the hand-over of its ticket is noted.
BEHIND_MS = 50


async def test_a_turn_hears_of_earlier_moments_and_raises_no_alarm() -> None:
    """Consumers and turns run on different machines."""
    clock = VirtualClock()
    with closing(in_memory()) as connection:
        plans = TurnedPlans(connection, clock, HASTY)
        await run_backwards(plans, clock)

        assert plans.rows("SELECT incident_type, body FROM incidents") == []
        assert plans.rows("SELECT outcome FROM workflows") == [("SUCCESS",)]


async def test_an_engine_whose_clock_is_set_back_raises_no_alarm() -> None:
    """Machines correct their clocks whenever they like."""
    clock = VirtualClock()
    async with embedded_plans(clock, HASTY) as plans:
        await run_backwards(plans, clock)

        assert plans.rows("SELECT incident_type, body FROM incidents") == []
        assert plans.rows("SELECT outcome FROM workflows") == [("SUCCESS",)]


async def run_backwards(plans: Plans, clock: VirtualClock) -> None:
    """Run a plan of several layers, in which everything that is heard happened before the last."""
    await plans.submit(a_message(*a_chain("a", "b"), a_task("c", dependencies=["a", "b"])))
    answered = 0
    while answered < len(plans.published):
        ticket_id, _ = plans.published[answered]
        answered += 1
        clock.advance(-BEHIND_MS)
        await plans.answer([a_result(ticket_id)])
