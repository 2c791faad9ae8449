"""The consumption loop with a real broker before it and the real engine behind it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.kafka.message_sink import KafkaMessageSink
from orchestrator_dynamic.adapters.kafka.record_source import KafkaRecordSource
from orchestrator_dynamic.consumers.consumption import Consumption, ConsumptionLimits
from orchestrator_dynamic.consumers.dead_letters import DeadLetters
from orchestrator_dynamic.consumers.decision_consumer import DecisionConsumer
from orchestrator_dynamic.consumers.taker import Taker
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.orchestrator import Orchestrator
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.record_source import Record
from orchestrator_dynamic.wire import avro_schemas
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_writer import to_avro
from orchestrator_dynamic.wire.schema_registry import SchemaRegistry
from tests.services.kafka.bench import PATIENCE_S, SESSION_S, Bench, Changes, until
from tests.support.engines import a_message, an_engine, rows
from tests.support.listed_schemas import ListedSchemas
from tests.support.messages import a_decision, a_result
from tests.support.takers import ListingTaker

pytestmark = pytest.mark.services

LIMITS = ConsumptionLimits(poll_s=0.2, waits_s=(0.05, 0.2, 1.0))


@asynccontextmanager
async def consuming(source: KafkaRecordSource, *takers: Taker) -> AsyncIterator[Consumption]:
    """Consume until the end of the context."""
    consumption = Consumption(source, takers, Metrics(), LIMITS)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(consumption.run())
        try:
            yield consumption
        except BaseException:
            running.cancel()
            raise
        consumption.stop()


def decisions(
    topic: str, orchestrator: Orchestrator, registry: SchemaRegistry | None = None
) -> DecisionConsumer:
    """Return the taker of decisions."""
    letters = DeadLetters(orchestrator, topic, to=None)
    return DecisionConsumer(topic, orchestrator, MessageCodec(registry), letters)


async def committed(bench: Bench, topic: str) -> list[Record]:
    """Return what the group would be given again."""
    again = list[Record]()
    async with bench.source(topic) as source:
        changes = Changes(source)
        while not changes.held or len(again) == 0:
            arrived = await source.poll(1.0)
            again += [record for records in arrived.values() for record in records]
            if changes.held and not arrived:
                break
    return again


DECISION = a_decision(decision_id="decision-2")
POISON: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "no text": (b"\xff\xfe\xfd", "not_utf8"),
    "half a document": (b'{"decision_id": ', "not_json"),
    "no decision": (b'{"a": 1}', "unknown_envelope"),
    "deep": (b"[" * 100_000, "nested_too_deeply"),
    "half a prefix": (b"\x00\x00", "unreadable_avro"),
    "wrong magic": (b"\x01\x00\x00\x00\x01" + to_avro(DECISION), "not_utf8"),
    "unknown schema": (to_avro(DECISION, 4_000_000_000), "unknown_schema"),
    "cut Avro": (to_avro(DECISION, 1)[:-40], "unreadable_avro"),
    "other Avro": (to_avro(a_result(), 1), "unreadable_avro"),
    "Avro by another schema": (to_avro(DECISION, 2), "unreadable_avro"),
}


async def test_poison_of_every_kind_becomes_dead_letters_and_stops_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    """Each with its reason, each committed; a decision between any two of them runs."""
    topic = await bench.topic()
    registry = ListedSchemas(
        avro_schemas.schema(avro_schemas.CONSOLIDATED_DECISION),
        avro_schemas.schema(avro_schemas.EXECUTION_RESULT),
    )
    odd = {"raw": b"\xff\x00\xfe", "__value_schema_id": b"", "": b"no name"}
    messages = list[Outgoing]()
    for number, (value, _) in enumerate(POISON.values()):
        messages.append(Outgoing(topic, b"\xff\x00", value, {"raw": b"\xff"}))
        messages.append(Outgoing(topic, None, a_message(decision_id=f"good-{number}")))
    messages.append(Outgoing(topic, None, b"{}", odd))
    huge = Outgoing(topic, None, b'{"x": "' + b"y" * 900_000)

    async with bench.sink() as sink, an_engine(tmp_path) as app:
        await sink.send([*messages, huge])
        taker = decisions(topic, app.engine, registry)
        async with bench.source(topic) as source, consuming(source, taker):
            count = "SELECT count(*) FROM dead_letters"
            await until(lambda: rows(tmp_path, count) == [(len(POISON) + 2,)])

    letters = rows(tmp_path, "SELECT reason FROM dead_letters ORDER BY id")
    reasons = [reason for _, reason in POISON.values()]
    assert [reason for (reason,) in letters] == [*reasons, "unreadable_avro", "not_json"]
    (started,) = rows(tmp_path, "SELECT count(*) FROM decisions")
    assert started == (len(POISON),)
    assert await committed(bench, topic) == []


async def test_decisions_survive_a_killed_broker_and_run_once(bench: Bench, tmp_path: Path) -> None:
    """Before, during and after: each is taken in, and none twice."""
    topic = await bench.topic(partitions=2)

    async with an_engine(tmp_path) as app, bench.source(topic) as source:
        taker = decisions(topic, app.engine)
        async with consuming(source, taker):
            await sent(bench, topic, 0, 20)
            await until(lambda: taken_in(tmp_path) >= 20)
            await bench.down()
            await bench.up()
            await sent(bench, topic, 20, 20)
            await until(lambda: taken_in(tmp_path) >= 40)

    assert taken_in(tmp_path) == 40
    assert await committed(bench, topic) == []


async def sent(bench: Bench, topic: str, first: int, count: int) -> None:
    """Send decisions that nobody has seen."""
    async with bench.sink() as sink:
        await sink.send(
            [
                Outgoing(topic, b"%d" % number, a_message(decision_id=f"decision-{number}"))
                for number in range(first, first + count)
            ]
        )


def taken_in(directory: Path) -> int:
    """Return how many decisions there are."""
    ((count,),) = rows(directory, "SELECT count(*) FROM decisions")
    assert isinstance(count, int)
    return count


async def test_two_members_share_and_lose_nothing_while_the_group_changes(bench: Bench) -> None:
    """A second replica starts and ends under load; whatever was in hand is done once or again."""
    topic = await bench.topic(partitions=4)
    first, second = ListingTaker(topic), ListingTaker(topic)
    sent = list[bytes]()

    async def send_some(sink: KafkaMessageSink) -> None:
        values = [b"%d" % number for number in range(len(sent), len(sent) + 50)]
        await sink.send([Outgoing(topic, value, value) for value in values])
        sent.extend(values)

    async with bench.sink() as sink, bench.source(topic) as one, consuming(one, first):
        await send_some(sink)
        async with bench.source(topic) as two, consuming(two, second):
            async with asyncio.timeout(PATIENCE_S):
                while not second.taken:
                    await send_some(sink)
        await send_some(sink)
        await until(lambda: {*first.taken, *second.taken} == {*sent})

    # Only what was in hand while partitions moved may have been done twice.
    assert len(first.taken) + len(second.taken) < len(sent) + 4 * LIMITS.batch_max
    assert await committed(bench, topic) == []


async def test_slow_work_costs_no_membership(bench: Bench) -> None:
    """Work that takes longer than a session: the group sees a member that is well."""
    topic = await bench.topic()
    taker = ListingTaker(topic)
    taker.open.clear()
    await bench.send(topic, *[b"%d" % number for number in range(5_000)])

    async with bench.source(topic) as source, consuming(source, taker):
        await until(lambda: bool(taker.given))
        begun = time.monotonic()
        await until(lambda: time.monotonic() - begun > 2 * SESSION_S)
        taker.open.set()
        await until(lambda: len(taker.taken) == 5_000)

    # Had the partition been lost, the batch in hand would have been given again.
    assert taker.given[0] == (b"0", LIMITS.batch_max)
    assert taker.given.count((b"0", LIMITS.batch_max)) == 1
    assert await committed(bench, topic) == []


async def test_an_outage_of_the_store_has_records_wait_in_the_broker(bench: Bench) -> None:
    """Nothing is committed while nothing is durable, and all of it comes afterwards."""
    topic = await bench.topic()
    taker = ListingTaker(topic)
    taker.faults = [Unavailable("the store is down")] * 5
    await bench.send(topic, *[b"%d" % number for number in range(100)])

    async with bench.source(topic) as source, consuming(source, taker):
        await until(lambda: not taker.faults)
        await until(lambda: len(taker.taken) == 100)

    assert taker.taken == [b"%d" % number for number in range(100)]
    assert taker.given[0][0] == b"0"
    assert await committed(bench, topic) == []
