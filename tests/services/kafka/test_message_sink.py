"""Messages to a real broker: what arrives, what is refused, what an outage costs."""

import asyncio
import time

import pytest

from orchestrator_dynamic.adapters.kafka.message_sink import KafkaMessageSink
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable, MessageRefused
from orchestrator_dynamic.ports.outbox import Outgoing
from tests.services.kafka.bench import PATIENCE_S, Bench, drained, insisted

pytestmark = pytest.mark.services


def numbered(topic: str, first: int, count: int, keys: int = 3) -> list[Outgoing]:
    """Return messages that say their number, under a few keys."""
    return [
        Outgoing(topic, b"key-%d" % (number % keys), b"%d" % number)
        for number in range(first, first + count)
    ]


async def test_a_message_arrives_as_it_was_sent(bench: Bench) -> None:
    """Key, value and headers are bytes, and nobody may touch them."""
    topic = await bench.topic()
    headers = {"plan-id": "plän".encode(), "raw": b"\xff\x00", "none": b""}

    async with bench.sink() as sink, bench.source(topic) as source:
        await sink.send([Outgoing(topic, None, b""), Outgoing(topic, b"\x00k", b"\xfe", headers)])
        first, second = await drained(source, 2)

    assert (first.key, first.value, dict(first.headers)) == (None, b"", {})
    assert (second.key, second.value, dict(second.headers)) == (b"\x00k", b"\xfe", headers)
    assert abs(second.at - time.time() * 1000) < PATIENCE_S * 1000


async def test_messages_of_one_key_stay_in_order(bench: Bench) -> None:
    """Tickets of one plan do: however many there are, and on as many partitions as there are."""
    topic = await bench.topic(partitions=4)

    async with bench.sink() as sink, bench.source(topic) as source:
        await sink.send(numbered(topic, 0, 10_000, keys=50))
        records = await drained(source, 10_000)

    assert len(records) == 10_000
    for key in {record.key for record in records}:
        mine = [int(record.value or b"") for record in records if record.key == key]
        assert mine == sorted(mine)


async def test_what_the_broker_finds_too_large_is_named_and_the_others_are_not_lost(
    bench: Bench,
) -> None:
    """A plan that is too large for the topic must not stop the outbox for ever."""
    topic = await bench.topic()
    small = Outgoing(topic, b"k", b"small")

    async with bench.sink() as sink:
        with pytest.raises(MessageRefused) as caught:
            await sink.send([small, Outgoing(topic, b"k", b"x" * 3_000_000), small])
        await sink.send([Outgoing(topic, b"k", b"after")])

    assert caught.value.index == 1
    assert await bench.values_on(topic, 2)


async def test_what_no_broker_takes_is_refused_before_it_is_sent(bench: Bench) -> None:
    """Beyond their limit they close the connection, and we would send it for ever."""
    topic = await bench.topic()

    async with bench.sink() as sink:
        with pytest.raises(MessageRefused) as caught:
            await sink.send([Outgoing(topic, None, b"a"), Outgoing(topic, None, bytes(70_000_000))])

    assert caught.value.index == 1


@pytest.mark.parametrize("name", ["no.such.topic", "no name of a topic"])
async def test_a_missing_topic_is_told_at_once(bench: Bench, name: str) -> None:
    """The library would look for it until our time is up, and call that an outage."""
    topic = await bench.topic()

    async with bench.sink(patience_s=60) as sink, asyncio.timeout(20):
        with pytest.raises(MessageRefused) as caught:
            await sink.send([Outgoing(topic, None, b"a"), Outgoing(name, None, b"b")])

    assert caught.value.index == 1


async def test_a_broker_that_hangs_is_given_up_in_time_and_used_again_later(bench: Bench) -> None:
    """Its connection stands; only our deadline notices."""
    topic = await bench.topic()

    async with bench.sink(patience_s=2) as sink:
        await sink.send([Outgoing(topic, b"k", b"before")])
        async with bench.frozen():
            begun = time.monotonic()
            with pytest.raises(BrokerUnavailable):
                await sink.send([Outgoing(topic, b"k", b"during")])
            waited = time.monotonic() - begun
        await insisted(lambda: sink.send([Outgoing(topic, b"k", b"after")]))

    assert waited < 10
    values = await bench.values_on(topic, 2)
    assert values[0] == b"before"
    assert b"after" in values


async def test_a_sink_closes_in_time_while_the_broker_hangs(bench: Bench) -> None:
    """A pod that does not end is killed, with what it has in hand."""
    topic = await bench.topic()

    async with bench.frozen(), asyncio.timeout(20), bench.sink(patience_s=1) as sink:
        with pytest.raises(BrokerUnavailable):
            await sink.send([Outgoing(topic, b"k", b"during")])


async def test_a_killed_broker_costs_no_message_and_makes_none_twice(bench: Bench) -> None:
    """While one call lasts, the producer repeats under the same sequence numbers."""
    topic = await bench.topic(partitions=2)

    async with bench.sink(patience_s=PATIENCE_S) as sink, asyncio.TaskGroup() as tasks:
        await sink.send(numbered(topic, 0, 10))
        sending = tasks.create_task(_send_in_parts(sink, topic, 10, 300))
        await asyncio.sleep(0)
        await bench.down()
        await bench.up()
        await sending

    values = await bench.values_on(topic, 310)
    assert sorted(int(value or b"") for value in values) == list(range(310))


async def test_calls_that_fail_in_an_outage_succeed_after_it_in_order(bench: Bench) -> None:
    """Whoever repeats a call may send a message twice, never lose one, never overtake itself."""
    topic = await bench.topic()

    async with bench.sink(patience_s=1) as sink:
        await sink.send(numbered(topic, 0, 5, keys=1))
        await bench.down()
        with pytest.raises(BrokerUnavailable):
            await sink.send(numbered(topic, 5, 5, keys=1))
        await bench.up()
        await insisted(lambda: sink.send(numbered(topic, 5, 5, keys=1)))

    numbers = [int(value or b"") for value in await bench.values_on(topic, 10)]
    assert list(dict.fromkeys(numbers)) == list(range(10))


async def _send_in_parts(sink: KafkaMessageSink, topic: str, first: int, count: int) -> None:
    for number in range(first, first + count, 10):
        await sink.send(numbered(topic, number, 10))
