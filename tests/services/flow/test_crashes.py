"""Our processes are killed in the middle of plans, one by one and all at once with the servers."""

import asyncio
import os
import time
from collections.abc import Sequence
from itertools import islice

import pytest

from tests.support.engines import now_ms
from tests.support.flow_outages import RESUMES_WITHIN_S, plans_of, progress
from tests.support.flow_plans import Sent
from tests.support.flow_process import OurProcess
from tests.support.flow_world import Servers, World, a_world
from tests.support.servers.postgres import Postgres
from tests.support.servers.server import Server

pytestmark = pytest.mark.services

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "1"))


async def test_killed_processes_lose_and_repeat_nothing(servers: Servers) -> None:
    """Each is killed in the middle, and started again by whoever watches over it."""
    async with a_world(servers) as world:
        schema_id = await world.register(
            f"{world.topic('consensus')}-value", "consolidated-decision"
        )
        plans = plans_of(world, schema_id)
        ours = await world.staff(FLOW_WORK_MS="80", FLOW_CONCURRENCY="8")
        await world.send(islice(plans, 15))
        took = list[str]()
        for name, process in [*ours.items()] * ROUNDS:
            await world.send(islice(plans, 3))
            await killed_in_the_middle(world, process)
            back = time.monotonic()
            since, newest = now_ms(), next(plans)
            await process.start()
            await world.send([newest])
            await progress(world, since, newest.decision_id, name)
            took.append(f"{name} {time.monotonic() - back:.1f} s")

        await world.ended(120)
        await world.until_no_lag()
        world.tell(f"all ended; to go on took {', '.join(took)}")
        await world.check()


async def killed_in_the_middle(world: World, process: OurProcess) -> None:
    """Kill a process once more has been done."""
    tickets = world.topic("tickets")
    await world.ears.until(tickets, len(world.ears.on(tickets)) + 30)
    await process.kill()
    still_open = len(world.sent.keys() - (await world.outcomes()).keys())
    assert still_open, "nothing is in the middle of anything"
    world.tell(f"{process.name}: killed with {still_open} plans under way")


async def test_everything_goes_on_after_a_power_cut(
    servers: Servers, request: pytest.FixtureRequest
) -> None:
    """Servers and processes are killed at once, and started at once: nobody waits for nobody."""
    async with a_world(servers) as world:
        schema_id = await world.register(
            f"{world.topic('consensus')}-value", "consolidated-decision"
        )
        plans = plans_of(world, schema_id)
        ours = await world.staff(FLOW_WORK_MS="80", FLOW_CONCURRENCY="8")
        await world.send(islice(plans, 30))
        await world.ears.until(world.topic("tickets"), 120)

        parts = [servers.kafka, servers.registry, servers.mongo, servers.redis, servers.temporal]
        there = [one for one in parts if one is not None]
        base = request.getfixturevalue("postgres") if servers.temporal is not None else None
        await power_cut(world, [*there, *([base] if base else [])], ours)
        first = await power_back(world, there, base, ours, next(plans))

        await world.ended(120)
        await world.until_no_lag()
        world.tell(f"all ended; the first ticket was out {first:.1f} s after the servers served")
        await world.check()


async def power_cut(world: World, servers: Sequence[Server], ours: dict[str, OurProcess]) -> None:
    """Kill everything at once."""
    async with asyncio.TaskGroup() as tasks:
        for process in ours.values():
            tasks.create_task(process.kill())
        for server in servers:
            tasks.create_task(asyncio.to_thread(server.kill))
    world.tell("everything is killed")


async def power_back(
    world: World,
    servers: Sequence[Server],
    base: Postgres | None,
    ours: dict[str, OurProcess],
    newest: Sent,
) -> float:
    """Start everything at once; return how long after the servers the first ticket left."""
    for process in ours.values():
        await process.start()
    async with asyncio.TaskGroup() as tasks:
        if base is not None:
            tasks.create_task(asyncio.to_thread(base.start))
        for server in servers:
            if server is not world.servers.temporal:
                tasks.create_task(asyncio.to_thread(server.start))
    if world.servers.temporal is not None:
        await asyncio.to_thread(world.servers.temporal.start)
    serve, at = time.monotonic(), now_ms()
    world.tell("the servers serve")
    for process in ours.values():
        if process.code is not None:
            world.tell(f"{process.name} had given up with {process.code}; it is started again")
            await process.start()
    await world.ears.first_after(world.topic("tickets"), at, RESUMES_WITHIN_S)
    took = time.monotonic() - serve
    world.tell(f"the first ticket is out after {took:.1f} s")
    await world.send([newest])
    await progress(world, at, newest.decision_id, "everything")
    world.tell(f"decisions and answers are taken after {time.monotonic() - serve:.1f} s")
    return took
