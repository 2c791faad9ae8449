"""What `orq serve` tells monitoring of real servers: what went over them, and how they stand."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from orchestrator_dynamic.wire.message_writer import to_json
from tests.services.flow.test_serving import JSON, served
from tests.services.metrics.test_promtool import complaints
from tests.support.flow_plans import made, made_decision
from tests.support.flow_world import Servers, World, a_world
from tests.support.metric_samples import Samples, samples_in, value
from tests.support.servers.server import Server

pytestmark = pytest.mark.services

BREAKER = "orchestration_breaker_state"
CONSUMED = "orchestration_kafka_messages_consumed_total"
PRODUCED = "orchestration_kafka_messages_produced_total"
ERRORS = "orchestration_kafka_errors_total"
TASKS = 12
PATIENCE_S = 60


async def read(client: httpx.AsyncClient) -> Samples:
    """Return what Prometheus would read now."""
    return samples_in((await client.get("/metrics")).text)


async def until(client: httpx.AsyncClient, holds: Callable[[Samples], bool]) -> Samples:
    """Return what Prometheus would read once it `holds`."""
    async with asyncio.timeout(PATIENCE_S):
        found = await read(client)
        while not holds(found):
            found = await read(client)
        return found


async def test_what_goes_over_the_brokers_is_counted(servers: Servers) -> None:
    """By what it carries; and each server that is set stands well with us."""
    async with a_world(servers) as world:
        address = await served(world)
        await world.worker()
        await world.send([made(world.tag, 1, tasks=TASKS)])
        await world.ended()
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            lag = "orchestration_kafka_consumer_lag"
            streams = ("decisions", "results", "approvals")
            found = await until(
                client, lambda now: not any(value(now, lag, stream=one) for one in streams)
            )
            said = await complaints((await client.get("/metrics")).content)

    assert value(found, CONSUMED, stream="decisions") == 1
    assert value(found, CONSUMED, stream="results") >= TASKS
    assert value(found, PRODUCED, stream="tickets") == TASKS
    assert value(found, PRODUCED, stream="telemetry") == 1
    states = {labels[0][1]: state for (name, labels), state in found.items() if name == BREAKER}
    assert states.keys() >= ours_of(servers) | {"decisions_intake", "results_intake"}
    assert set(states.values()) == {0}, states
    assert said == ""


def ours_of(servers: Servers) -> set[str]:
    """Return the services that a breaker must be told of."""
    there = {
        "kafka": servers.kafka,
        "schema_registry": servers.registry,
        "mongodb": servers.mongo,
        "temporal": servers.temporal,
        "redis": servers.redis,
    }
    return {name for name, server in there.items() if server is not None}


async def test_brokers_that_are_away_are_told_and_forgotten(embedded: Servers) -> None:
    """Whoever is on call sees which server it is, and that it is over."""
    async with a_world(embedded) as world:
        away = await seen_away_and_back(world, "kafka", embedded.kafka)

    assert value(away, ERRORS, operation="produce") > 0


@pytest.mark.parametrize("name", ["mongodb", "temporal"])
async def test_who_keeps_plans_and_is_away_is_told_and_forgotten(
    scaled_out: Servers, name: str
) -> None:
    """Each by its own name, though one outage holds up the others."""
    server = {"mongodb": scaled_out.mongo, "temporal": scaled_out.temporal}[name]
    assert server is not None
    async with a_world(scaled_out) as world:
        await seen_away_and_back(world, name, server)


async def seen_away_and_back(world: World, name: str, server: Server) -> Samples:
    """Kill `server` under a service that is asked for work, and start it again.

    Returns:
        What Prometheus would read in between.
    """
    address, enough = await served(world), asyncio.Event()
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:

        async def ask() -> None:
            """Hand in decisions, as senders do who do not know what is away."""
            number = 0
            while not enough.is_set():
                number += 1
                message = to_json(made_decision(world.tag, number, tasks=1))
                await client.post("/api/v1/decisions", content=message, headers=JSON)

        async with asyncio.TaskGroup() as tasks:
            await asyncio.to_thread(server.kill)
            tasks.create_task(ask())
            away = await until(client, lambda now: value(now, BREAKER, service=name) > 0)
            await asyncio.to_thread(server.start)
            await until(client, lambda now: value(now, BREAKER, service=name) == 0)
            enough.set()
    return away
