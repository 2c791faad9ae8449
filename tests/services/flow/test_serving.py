"""`orq serve` around real servers: the same API in front of either engine, with Kafka between."""

import re

import httpx
import pytest

from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.flow_plans import made, made_decision
from tests.support.flow_world import Servers, World, a_world

pytestmark = pytest.mark.services

JSON = {"Content-Type": "application/json"}


async def served(world: World, *options: str) -> str:
    """Start a service that is the whole orchestrator of `world`, and return its address."""
    process = await world.processes.start("serve", "serve", "--port", "0", *options)
    await process.until_said("the page is at")
    found = re.search(r"the page is at (http://[^\s/]+)", process.said())
    assert found is not None
    return found[1]


async def taken_in(client: httpx.AsyncClient, message: bytes) -> httpx.Response:
    """Hand a decision in, again where a part is busy: servers that have just started are slow."""
    for _ in range(10):
        answer = await client.post("/api/v1/decisions", content=message, headers=JSON)
        if answer.status_code != 503:
            break
    assert answer.status_code in (200, 202), answer.text
    return answer


async def test_one_process_serves_consumes_and_drives(servers: Servers) -> None:
    """A plan that comes by HTTP and one that comes by Kafka end alike, and both are seen."""
    async with a_world(servers) as world:
        address = await served(world)
        await world.worker()
        by_topic = made(world.tag, 1, tasks=12)
        decision = made_decision(world.tag, 2, tasks=12)
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            answer = await taken_in(client, to_json(decision))
            await world.send([by_topic])
            places = [answer.headers["location"], f"/api/v1/workflows/orch-{by_topic.decision_id}"]
            await world.ended()
            events = [await client.get(f"{place}/events?after=0") for place in places]
            plans = [(await client.get(place)).json() for place in places]
            journals = [(await client.get(f"{one}/timeline?limit=1000")).json() for one in places]
            lease = await client.post("/api/v1/workers/w/tickets:lease", json={"wait_s": 0})
            ready = await client.get("/ready")

    assert [one["outcome"] for one in plans] == ["SUCCESS", "SUCCESS"]
    for stream, journal in zip(events, journals, strict=True):
        assert stream.text.count("event: end") == 1
        for entry in journal["items"]:
            assert stream.text.count(f'{{"seq":{entry["seq"]},"at":') == 1
    assert (lease.status_code, lease.json()["code"]) == (409, "tickets_go_elsewhere")
    assert ready.status_code == 200, ready.text
