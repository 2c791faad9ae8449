"""Recorded runs of real workflows, from the topic of decisions to the topic of telemetry."""

from collections.abc import Sequence

import pytest

from tests.support.flow_plans import Sent, capabilities_of, made, recorded
from tests.support.flow_world import Servers, World, a_world, capabilities_file

pytestmark = pytest.mark.services


async def test_real_runs_succeed_and_nothing_of_them_is_repeated(servers: Servers) -> None:
    """4,132 tickets through real brokers; the second time everything is a duplicate."""
    async with a_world(servers) as world:
        decisions = recorded() or [made(world.tag, number, tasks=40) for number in range(100)]
        can = capabilities_file(world.folder, capabilities_of(decisions))
        await world.staff(FLOW_CAPABILITIES=can, FLOW_CONCURRENCY="64")
        world.tell("ready")
        await world.send(decisions)
        await world.ears.until(world.topic("tickets"), 1)
        world.tell("the first ticket is out")

        await world.ended(120)

        world.tell("all ended")
        await world.check()
        await nothing_new_for(world, decisions)


async def nothing_new_for(world: World, decisions: Sequence[Sent]) -> None:
    """Send `decisions` again, and hold the world to having noticed."""
    before = await world.workflows()
    tickets = len(world.ears.on(world.topic("tickets")))
    frames = len(world.ears.on(world.topic("telemetry")))

    await world.send(decisions)
    await world.until_no_lag()
    # Whatever they led to would go out before what a decision after them leads to.
    last = made(world.tag, 9_999, tasks=1)
    await world.send([last])
    await world.ended()

    world.tell("sent again")
    assert len(world.ears.on(world.topic("tickets"))) == tickets + len(last.tasks)
    assert len(world.ears.on(world.topic("telemetry"))) == frames + 1
    after = await world.workflows()
    assert {name: one for name, one in after.items() if name != last.decision_id} == before
