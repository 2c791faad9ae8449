"""The bytes of other teams: their decisions are taken, and their worker ends our plans."""

import io
import json
import struct
from typing import Any

import fastavro
import pytest

from orchestrator_dynamic.wire.message_writer import to_wire
from tests.support.flow_listening import parsed
from tests.support.flow_plans import Sent, made_decision
from tests.support.flow_stranger import a_stranger
from tests.support.flow_world import Servers, World, a_world

pytestmark = pytest.mark.services


async def test_neighbours_decisions_and_a_strangers_answers_make_plans(servers: Servers) -> None:
    """Nothing of ours writes these bytes or reads our tickets but libraries that all teams have."""
    async with a_world(servers) as world:
        number = await world.register(f"{world.topic('consensus')}-value", "consolidated-decision")
        results = await world.register(f"{world.topic('results')}-value", "execution-result")
        await world.consume()
        if servers.temporal is not None:
            await world.turns()
        kafka, topic = servers.kafka.bootstrap_servers, world.topic
        async with a_stranger(kafka, topic("tickets"), topic("results"), results):
            await send_all(world, number)
            await world.ended()
        await world.until_no_lag()
        world.tell("all ended")
        await world.check()
        assert await world.dead_letters() == []
        tickets = world.ears.on(topic("tickets"))
        assert all(heard.value[:1] == b"\x00" for heard in tickets)
        assert {heard.body["status"] for heard in tickets} == {"PENDING"}


async def send_all(world: World, number: int) -> None:
    """Send a decision in each of the forms in which producers of the ecosystem write them."""
    forms: dict[str, tuple[Any, dict[str, bytes]]] = {
        "Avro after the prefix": (lambda body: avro(number, body), {}),
        "Avro, announced": (lambda body: avro(number, body), {"content-type": b"application/avro"}),
        "JSON": (as_json, {}),
        "JSON, announced": (as_json, {"content-type": b"application/json"}),
        "JSON after the prefix": (lambda body: struct.pack(">bI", 0, number) + as_json(body), {}),
        "JSON after any prefix": (lambda body: struct.pack(">bI", 0, 77) + as_json(body), {}),
        "JSON with a GUID": (as_json, {"__value_schema_id": b"\x01" + bytes(range(16))}),
        "JSON of JSON": (lambda body: json.dumps(json.dumps(body)).encode(), {}),
        "the plan as an object": (as_object, {}),
        "headers of others": (as_json, {"traceparent": b"\xff\xfe", "x-raw": b"\x00\x01"}),
    }
    for place, (write, headers) in enumerate(forms.values()):
        decision = made_decision(world.tag, place)
        body = to_wire(decision)
        # The contract says text; that it is so here is what the test is about.
        assert isinstance(body["cognitive_plan"], str)
        names = tuple(task["task_id"] for task in json.loads(body["cognitive_plan"])["tasks"])
        sent = Sent(decision.decision_id, decision.plan_id, write(body), names)
        await world.send([sent], **headers)


def avro(number: int, body: dict[str, object]) -> bytes:
    """Return a decision as a producer with a registry writes it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, parsed("consolidated-decision"), body)
    return struct.pack(">bI", 0, number) + out.getvalue()


def as_json(body: dict[str, object]) -> bytes:
    """Return a decision as a producer writes it whose registry is away."""
    return json.dumps(body).encode()


def as_object(body: dict[str, object]) -> bytes:
    """Return a decision whose plan is no text."""
    return as_json({**body, "cognitive_plan": json.loads(str(body["cognitive_plan"]))})
