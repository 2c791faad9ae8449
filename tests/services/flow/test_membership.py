"""Who may consume beside whom: an embedded engine alone, replicas on Temporal together."""

import re

import pytest

from tests.support.flow_plans import made
from tests.support.flow_process import OurProcess
from tests.support.flow_world import PARTITIONS, Servers, a_world

pytestmark = pytest.mark.services

REFUSED = 2


async def test_a_second_embedded_engine_in_the_group_is_refused(embedded: Servers) -> None:
    """Answers that it took would be lost to the first one, whose plans are in its own file."""
    async with a_world(embedded) as world:
        first = await world.consume()
        await first.until_said("partitions_gained")
        other = str(world.folder / "other")
        second = await world.processes.start("second", "consume", DATA_DIR=other)

        assert await second.ended() == REFUSED
        world.tell(f"it said: {second.said().strip()[-300:]}")
        group = world.settings["KAFKA_CONSUMER_GROUP_ID"]
        assert f"the consumer group {group} is in use by orchestrator-engine-" in second.said()
        assert "TEMPORAL_HOST" in second.said()
        assert first.code is None
        world.processes.all.remove(second)
        await world.worker()
        await world.send([made(world.tag, 0)])
        await world.ended()
        await world.check()


async def test_replicas_on_temporal_share_the_partitions(scaled_out: Servers) -> None:
    """And when one of them leaves the other has them all at once."""
    async with a_world(scaled_out) as world:
        await world.staff()
        second = await world.consume("second")
        await second.until_said("partitions_gained")
        first = next(one for one in world.processes.all if one.name == "consume")
        await first.until_said("partitions_lost")
        await world.send(made(world.tag, number) for number in range(20))
        await world.ended()

        shared = [held_by(first), held_by(second)]
        world.tell(f"shared as {[len(one) for one in shared]}")
        assert not shared[0] & shared[1]
        assert len(shared[0] | shared[1]) == 3 * PARTITIONS
        assert all(shared)

        await second.stop()
        await world.send(made(world.tag, number) for number in range(20, 30))
        await world.ended()
        await world.until_no_lag()
        assert len(held_by(first)) == 3 * PARTITIONS
        await world.check()


def held_by(process: OurProcess) -> set[str]:
    """Return the partitions that a consumer has now, as its log tells."""
    gained = re.findall(r'"partitions_gained".*"partitions":\[(.*)\]', process.said())
    return set(gained[-1].split(",")) if gained else set()
