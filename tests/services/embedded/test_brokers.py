"""The embedded engine between real brokers: killed, alone in its group, refusing."""

import asyncio
import json
import random
from functools import partial

from orchestrator_dynamic.config.loading import load_settings
from tests.services.embedded.stories import stories
from tests.support.command_line import Finished, orq
from tests.support.flow_plans import made
from tests.support.flow_world import Servers, World, a_world

WORK_MS = "30"


async def test_a_consumer_that_is_killed_again_and_again_loses_nothing(
    brokers_and_records: Servers,
) -> None:
    """Each plan ends once, no task is released early, and both places tell the same of it."""
    chance = random.Random(7)
    async with a_world(brokers_and_records) as world:
        staff = await world.staff(FLOW_WORK_MS=WORK_MS)
        await world.send(made(world.tag, number) for number in range(20))
        for _ in range(4):
            tickets = len(world.ears.on(world.topic("tickets")))
            await world.ears.until(world.topic("tickets"), tickets + chance.randint(1, 25))
            await staff["consume"].kill()
            world.tell("killed")
            await staff["consume"].start()
        await world.ended()
        world.tell("all ended")
        code = await staff["consume"].stop()
        await world.check()

        here, elsewhere = await stories(load_settings(world.settings, None))
        assert code == 0, staff["consume"].tail()
        assert elsewhere == here
        assert {one["plan"].retried for one in here.values()} == {0}, "no retry was used up"


async def test_a_second_engine_in_the_group_is_refused(brokers: Servers) -> None:
    """Answers that it takes off the topic would be lost to the plans of the first."""
    async with a_world(brokers) as world:
        staff = await world.staff()
        other = await world.processes.start(
            "other", "consume", DATA_DIR=str(world.folder / "other")
        )
        code = await other.ended()
        await world.send([made(world.tag, 1)])
        outcomes = await _some_outcome(world)

        assert code == 2
        [line] = [line for line in other.said().splitlines() if line.startswith("orq: ")]
        assert f"the consumer group group.{world.tag} is in use by" in line
        assert "TEMPORAL_HOST" in line
        assert staff["consume"].code is None
        assert set(outcomes.values()) == {"SUCCESS"}, "the first goes on"


async def test_what_cannot_be_used_goes_to_its_topic_and_can_be_handed_in_again(
    brokers: Servers,
) -> None:
    """Original bytes and key, headers that say why; what is mended begins from there."""
    async with a_world(brokers) as world:
        staff = await world.staff()
        good = json.loads(made(world.tag, 1, tasks=2).value)
        # A plan alone is refused unless a setting allows it: that is what an operator mends.
        bare = json.dumps(json.loads(good["cognitive_plan"])).encode()
        await world.produce("consensus", b"\xff no json", b"\x00key", [("trace", b"\xff1")])
        await world.produce("consensus", bare, b"plan")
        letters = {one.value: one for one in await world.ears.until(world.topic("dead_letters"), 2)}
        await staff["consume"].stop()
        mended = await world.processes.start("mended", "consume", ALLOW_DIRECT_PLANS="true")
        await mended.until_said("orq: consuming")
        again = await _orq(world, "dead-letters", "--requeue", "2")
        assert again.code == 0, again.err
        assert "sent back" in again.out
        outcomes = await _some_outcome(world)

        letter = letters[b"\xff no json"]
        headers = dict(letter.headers)
        assert letter.key == b"\x00key"
        assert headers["trace"] == b"\xff1"
        assert headers["dead-letter-source"].startswith(world.topic("consensus").encode())
        assert {"dead-letter-reason", "dead-letter-at", "dead-letter-findings"} <= headers.keys()
        assert set(outcomes.values()) == {"SUCCESS"}


async def test_the_last_plan_is_told_before_the_engine_ends(brokers: Servers) -> None:
    """Its telemetry must not wait for whoever starts next."""
    async with a_world(brokers) as world:
        one = made(world.tag, 1, tasks=3)
        file = world.folder / "decision.json"
        file.write_bytes(one.value)
        await world.worker()
        ended = await _orq(world, "run", str(file), "--json")
        frames = await world.ears.until(world.topic("telemetry"), 1, patience_s=10)

        assert ended.code == 0, ended.err
        assert [frame.body["outcome"] for frame in frames] == ["SUCCESS"]


async def _some_outcome(world: World) -> dict[str, str]:
    await world.ears.until(world.topic("telemetry"), 1, patience_s=30)
    return await world.outcomes()


async def _orq(world: World, *arguments: str, **more: str) -> Finished:
    asking = partial(orq, at=world.folder, stdin=b"", **{**world.settings, **more})
    return await asyncio.to_thread(asking, *arguments)
