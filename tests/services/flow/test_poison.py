"""Poison of every kind on every topic that we read, between messages that are good."""

import json
import struct
from collections import Counter
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from orchestrator_dynamic.bootstrap.records import opened_store
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.wire.message_writer import to_avro, to_json
from tests.support.flow_listening import Heard
from tests.support.flow_outages import passes
from tests.support.flow_plans import Sent, made, made_decision
from tests.support.flow_stranger import a_stranger, answer
from tests.support.flow_world import Servers, World, a_world
from tests.support.messages import a_decision, a_plan, a_result, a_task, a_ticket

pytestmark = pytest.mark.services

HUGE = b'{"decision_id": "' + b"x" * 900_000
ODD: tuple[tuple[str, bytes], ...] = (
    ("raw", b"\xff\x00\xfe"),
    ("__value_schema_id", b"\x01nothing"),
    ("content-type", b"application/\xff"),
    ("", b"no name"),
)
GOOD = 16
PARKED = "parked"

Poison = tuple[bytes | None, tuple[tuple[str, bytes], ...]]


def poison(good: bytes, other: bytes, number: int) -> dict[str, Poison]:
    """Return messages that nobody can use.

    Args:
        good: Avro of the topic's own contract, after its prefix.
        other: Avro of another contract, after its own prefix.
        number: of the topic's own schema.
    """
    return {
        "empty": (b"", ()),
        "null": (None, ()),
        "huge": (HUGE, ()),
        "not text": (b"\xff\xfe\xfd", ()),
        "half of JSON": (b'{"a": ', ()),
        "deep": (b"[" * 50_000, ()),
        "wrong magic": (b"\x01" + good[1:], ()),
        "prefix only": (struct.pack(">bI", 0, number), ()),
        "unknown schema": (struct.pack(">bI", 0, 2_000_000_000) + good[5:], ()),
        "cut short": (good[:-25], ()),
        "another contract": (other, ()),
        "another's schema": (struct.pack(">bI", 0, number) + other[5:], ()),
        "odd headers": (b"{}", ODD),
    }


async def test_poison_stops_nothing_and_is_kept(servers: Servers) -> None:
    """Good messages before, between and after it all end, and every partition moves on."""
    async with a_world(servers, RETRY_BACKOFF_INITIAL_MS="10") as world:
        tickets = await world.register(f"{world.topic('tickets')}-value", "execution-ticket")
        decisions = await world.register(
            f"{world.topic('consensus')}-value", "consolidated-decision"
        )
        results = await world.register(f"{world.topic('results')}-value", "execution-result")
        await world.consume()
        if servers.temporal is not None:
            await world.turns()
        hasty = Hasty(world, results)
        kafka, topic = servers.kafka.bootstrap_servers, world.topic
        a_ticket_of_ours = to_avro(a_ticket(), tickets)
        bad = {
            "consensus": poison(to_avro(a_decision(), decisions), a_ticket_of_ours, decisions),
            "results": poison(to_avro(a_result(), results), a_ticket_of_ours, results),
            "approvals": poison(a_ticket_of_ours, to_avro(a_decision(), decisions), results),
        }
        async with a_stranger(kafka, topic("tickets"), topic("results"), None, hasty.answers):
            await send_mixed(world, bad)
            await approve_parked(world)
            await world.ended()
            await hasty.afterthoughts()
            await world.until_no_lag()
            last = made(world.tag, 99)
            await world.send([last])
            await world.ended()

        world.tell("all ended")
        await world.check(retried=True)
        await check_kept(world, bad)
        await check_dead_letter_topic(world, bad["consensus"])
        await check_fates(world, hasty)


class Hasty:
    """Answers before our own broker's acknowledgement can be back, and too often."""

    def __init__(self, world: World, schema_id: int) -> None:
        self._world = world
        self._schema_id = schema_id
        self.retried: set[str] = set()
        self.completed: list[str] = []

    async def answers(self, ticket: Any, producer: AIOKafkaProducer) -> None:
        """Fail the first task of every plan once, and let the old attempt speak once more."""
        ticket_id, attempt = ticket["ticket_id"], ticket["metadata"]["attempt"]
        if ticket["task_id"] == "t0" and attempt == "1":
            self.retried.add(ticket_id)
            failed = {"success": False, "output": {}, "metadata": {"attempt": "1"}, "logs": []}
            await self._say(producer, ticket_id, status="FAILED", result=failed)
            return
        if ticket_id in self.retried:
            # The first attempt has not heard that it failed.
            await self._say(producer, ticket_id, metadata={"attempt": "1"})
        await self._say(producer, ticket_id, metadata={"attempt": attempt})
        self.completed.append(ticket_id)

    async def afterthoughts(self) -> None:
        """Answer what has ended, and what never was."""
        for ticket_id in (*self.completed[:5], "nobody's", *self.completed[:5]):
            value = answer(ticket_id, self._schema_id)
            await self._world.produce("results", value, ticket_id.encode())

    async def _say(self, producer: AIOKafkaProducer, ticket_id: str, **said: Any) -> None:
        value = answer(ticket_id, self._schema_id, **said)
        await producer.send(self._world.topic("results"), value, key=ticket_id.encode())


async def send_mixed(world: World, bad: dict[str, dict[str, Poison]]) -> None:
    """Send good decisions with all kinds of poison between them, on all partitions."""
    nobodys = {"plan_id": "nobody's", "intent_id": "i", "decision": "approved"}
    for number, kind in enumerate(bad["consensus"]):
        await world.send([made(world.tag, number)])
        for stream, kinds in bad.items():
            value, headers = kinds[kind]
            await world.produce(stream, value, b"\xff" + kind.encode(), headers)
        await world.produce("approvals", json.dumps(nobodys).encode(), b"nobody's")
    await world.send(made(world.tag, number) for number in range(len(bad["consensus"]), GOOD))
    task = a_task("t0", task_type="BUILD", description="waits for a person")
    ids = {"plan_id": f"plan-{world.tag}-{PARKED}", "intent_id": f"intent-{world.tag}-{PARKED}"}
    plan = a_plan(task, **ids, requires_approval=True)
    decision = a_decision(plan, decision_id=f"decision-{world.tag}-{PARKED}")
    await world.send([Sent(decision.decision_id, plan.plan_id, to_json(decision), ("t0",))])


async def approve_parked(world: World) -> None:
    """Let a person approve what waits for one, once it does."""
    await world.until_no_lag()
    plan_id = made_decision(world.tag, 0).plan_id.removesuffix("0") + PARKED
    said = {"plan_id": plan_id, "intent_id": "", "decision": "approved", "approved_by": "ana"}
    await world.produce("approvals", json.dumps(said).encode(), plan_id.encode())


async def check_kept(world: World, bad: dict[str, dict[str, Poison]]) -> None:
    """Each poison is a dead letter with its bytes and a reason, once."""
    letters = await world.dead_letters()
    wanted = Counter(
        (world.topic(stream), value or b"")
        for stream, kinds in bad.items()
        for value, _ in kinds.values()
    )
    kept = Counter((letter.source.partition("[")[0], body) for letter, body in letters)
    assert {key: n for key, n in wanted.items() if len(key[1]) < 60_000} == {
        key: n for key, n in kept.items() if len(key[1]) < 60_000
    }
    assert len(letters) == wanted.total()
    assert all(letter.reason for letter, _ in letters)
    assert "unprocessable" not in {letter.reason for letter, _ in letters}


async def check_dead_letter_topic(world: World, bad: dict[str, Poison]) -> None:
    """Decisions that nobody can use are on their own topic, byte for byte, and say why."""
    sources = dict[bytes, Heard]()
    while len(sources) < len(bad):
        heard = await world.ears.until(world.topic("dead_letters"), len(sources) + 1)
        # Two relays may send one letter twice; where it came from tells that it is the same.
        sources = {dict(one.headers)["dead-letter-source"]: one for one in heard}
        await passes(0.05)
    letters = [*sources.values()]
    values = Counter(value or b"" for value, _ in bad.values())
    assert Counter(one.value for one in letters) == values
    for one in letters:
        headers = dict(one.headers)
        assert headers["dead-letter-reason"]
        assert headers["dead-letter-source"].startswith(world.topic("consensus").encode())
        assert json.loads(headers["dead-letter-findings"])
    (odd,) = [dict(one.headers) for one in letters if one.value == b"{}"]
    assert {name: odd[name] for name, _ in ODD} == dict(ODD)
    assert {one.key for one in letters} == {b"\xff" + kind.encode() for kind in bad}


async def check_fates(world: World, hasty: Hasty) -> None:
    """What an old attempt or an afterthought says is kept, and changes nothing."""
    fates = Counter[str]()
    settings = load_settings(world.settings, None)
    async with opened_store(settings) as store:
        for workflow in (await world.workflows()).values():
            for ticket in await store.tickets(workflow):
                answers = await store.answers(workflow, ticket)
                fates.update(one.fate for one in answers)
                assert [one.fate for one in answers].count("accepted") == ticket.attempt
                assert ticket.attempt == 1 + (ticket.ticket_id in hasty.retried)
    world.tell(f"answers: {dict(fates)}")
    assert len(hasty.retried) == GOOD + 2
    assert fates["stale"] + fates["repeated"] >= len(hasty.retried)
    assert fates["too_late"] + fates["repeated"] >= 10
