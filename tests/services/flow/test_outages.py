"""Every server goes away in the middle of a hundred plans, one after the other."""

import os
from functools import partial

import pytest

from tests.support.flow_outages import OUTAGE_S, outage, plans_of
from tests.support.flow_process import OurProcess
from tests.support.flow_world import Servers, World, a_world
from tests.support.servers.mongo import Mongo
from tests.support.servers.postgres import Postgres

pytestmark = pytest.mark.services

HOW = os.environ.get("OUTAGE_HOW")
PLANS = 100


async def test_an_embedded_engine_outlives_its_servers(embedded: Servers, mongo: Mongo) -> None:
    """Brokers, registry and record store stop in order; whatever they miss, they hear later."""
    servers = Servers(kafka=embedded.kafka, registry=embedded.registry, mongo=mongo)
    async with a_world(servers) as world:
        plans = plans_of(world, await schema_of_decisions(world))
        ours = await world.staff(FLOW_WORK_MS="150", FLOW_CONCURRENCY="8")
        parts = {"kafka": servers.kafka, "mongo": mongo, "registry": servers.registry}
        took = {}
        for name, server in parts.items():
            assert server is not None
            count = PLANS // len(parts) + (name == "kafka")
            victim = partial(killed_and_started, ours["consume"]) if name == "mongo" else None
            took[name] = await outage(world, name, server, HOW or "stop", plans, count, victim)

        await everything_ended(world, took)


async def test_a_deployment_on_temporal_outlives_its_servers(
    scaled_out: Servers, postgres: Postgres
) -> None:
    """Each is killed, while a second consumer comes and goes."""
    async with a_world(scaled_out) as world:
        plans = plans_of(world, await schema_of_decisions(world))
        ours = await world.staff(FLOW_WORK_MS="150", FLOW_CONCURRENCY="8")
        parts = {
            "redis": scaled_out.redis,
            "kafka": scaled_out.kafka,
            "temporal": scaled_out.temporal,
            "registry": scaled_out.registry,
            "postgres": postgres,
            "mongo": scaled_out.mongo,
        }
        took, second = dict[str, float](), None
        for name, server in parts.items():
            assert server is not None
            if second is None:
                second = await world.processes.start(f"for-{name}", "consume")
            else:
                await second.stop()
                second = None
            events = {
                "temporal": partial(killed_and_started, ours["consume"]),
                "registry": partial(cold_start, world, ours["turns"]),
            }
            meanwhile = events.get(name)
            count = PLANS // len(parts) + (4 if name == "redis" else 0)
            how = HOW or "kill"
            took[name] = await outage(world, name, server, how, plans, count, meanwhile)

        await everything_ended(world, took)


async def killed_and_started(process: OurProcess) -> None:
    """Kill what holds messages that it could not hand on: they must not count as done."""
    await process.kill()
    await process.start()


async def cold_start(world: World, warm: OurProcess) -> None:
    """Have only processes that know no schema: they must wait for it, and neither guess nor end."""
    await warm.kill()
    await world.processes.start("cold-consume", "consume")
    await world.processes.start("cold-turns", "worker", "temporal")


async def everything_ended(world: World, took: dict[str, float]) -> None:
    """Hold the world to having lost, and done twice, nothing."""
    await world.ended(120)
    await world.until_no_lag()
    world.tell("all ended; to go on took " + ", ".join(f"{n} {s:.1f} s" for n, s in took.items()))
    assert len(world.sent) == PLANS
    # Two long ones in a row take more than a ticket's sixty seconds: then it is tried again.
    await world.check(retried=OUTAGE_S >= 30)


async def schema_of_decisions(world: World) -> int:
    """Return the number under which the producer of decisions has registered their schema."""
    return await world.register(f"{world.topic('consensus')}-value", "consolidated-decision")
