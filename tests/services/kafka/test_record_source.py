"""A member of a group on a real broker: what it is given, keeps, and gives away."""

import asyncio
import struct
import time
from collections.abc import Collection

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import RecordsToDelete  # type: ignore[import-untyped]
from aiokafka.record.util import calc_crc32c  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.administration import administrator
from orchestrator_dynamic.adapters.kafka.groups import GroupMember, group_members
from orchestrator_dynamic.adapters.kafka.record_source import KafkaRecordSource
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.record_source import Partition
from tests.services.kafka.bench import (
    PATIENCE_S,
    SESSION_S,
    Bench,
    Changes,
    drained,
    drained_for,
    insisted,
    polled_until,
)

pytestmark = pytest.mark.services

VALUES = [b"%d" % number for number in range(20)]


async def test_a_group_begins_with_the_oldest_record_and_goes_on_where_it_committed(
    bench: Bench,
) -> None:
    """Nothing that was sent before our first start may be skipped."""
    topic = await bench.topic()
    part = Partition(topic, 0)
    await bench.send(topic, *VALUES)

    async with bench.source(topic) as source:
        first = await drained(source, 20)
        await source.commit({part: 15})
    async with bench.source(topic) as source:
        again = await drained(source, 5)

    assert [record.value for record in first] == VALUES
    assert [record.offset for record in first] == list(range(20))
    assert [record.value for record in again] == VALUES[15:]
    assert first[3].source == f"{topic}[0]@3"


async def test_a_paused_partition_gives_nothing_and_loses_nothing(bench: Bench) -> None:
    """What the client has fetched ahead must come all the same, later."""
    topic, other = await bench.topic(), await bench.topic()
    part = Partition(topic, 0)

    async with bench.source(topic, other) as source:
        await bench.send(topic, b"a")
        await drained(source, 1)
        source.pause([part, Partition("of-somebody-else", 7)])
        await bench.send(topic, *VALUES)
        await bench.send(other, b"b")
        meanwhile = await drained(source, 1)
        meanwhile += await drained_for(source, 0.5)
        source.resume([part, Partition("of-somebody-else", 7)])
        later = await drained(source, 20)

    assert [record.value for record in meanwhile] == [b"b"]
    assert [record.value for record in later] == VALUES


async def test_lag_is_what_is_not_committed(bench: Bench) -> None:
    """The number that says whether more replicas are needed."""
    topic, quiet = await bench.topic(), await bench.topic()
    await bench.send(topic, *VALUES)

    async with bench.source(topic, quiet) as source:
        await drained(source, 20)
        before = source.lag()
        await source.commit({Partition(topic, 0): 15})
        after = source.lag()

    assert before == {topic: 20, quiet: 0}
    assert after == {topic: 5, quiet: 0}


async def test_an_offset_that_the_broker_has_no_more_begins_with_the_oldest_record(
    bench: Bench,
) -> None:
    """After an outage longer than the retention, what is left must still be taken."""
    topic = await bench.topic()
    await bench.send(topic, *VALUES)
    async with bench.source(topic) as source:
        await drained(source, 20)
        await source.commit({Partition(topic, 0): 5})
    async with administrator(bench.options, "deleting records") as client:
        await client.delete_records({TopicPartition(topic, 0): RecordsToDelete(10)})

    async with bench.source(topic) as source:
        left = await drained(source, 10)

    assert [record.offset for record in left] == list(range(10, 20))


async def test_a_missing_topic_is_for_a_person_to_make(bench: Bench) -> None:
    """By name, and at once."""
    topic = await bench.topic()

    async with bench.source(topic, "no.such.topic") as source:
        with pytest.raises(Misconfigured, match=r"no\.such\.topic"):
            await source.poll(0.1)


async def test_a_header_whose_name_is_no_text_costs_no_record(bench: Bench) -> None:
    """The library fails on it, and has then moved past records that it did not give us."""
    topic = await bench.topic()
    await bench.send(topic, b"a")
    await send_odd_headers(bench, topic, b"b", b"odd", b"c")
    await bench.send(topic, b"d")

    async with bench.source(topic) as source:
        records = await drained(source, 5)

    assert [record.value for record in records] == [b"a", b"b", b"odd", b"c", b"d"]
    assert [record.offset for record in records] == [0, 1, 2, 3, 4]
    assert dict(records[2].headers) == {r"\xff\xfe\xff\xfe": b"v"}


async def send_odd_headers(bench: Bench, topic: str, *values: bytes) -> None:
    """Send a batch in which the record `odd` has a header named by bytes that are no text."""
    producer = AIOKafkaProducer(bootstrap_servers=bench.server.bootstrap_servers)
    await producer.start()
    try:
        batch = producer.create_batch()
        for value in values:
            name = "NAME" if value == b"odd" else "name"
            batch.append(key=None, value=value, timestamp=None, headers=[(name, b"v")])
        raw = bytearray(batch._build()).replace(b"NAME", b"\xff\xfe\xff\xfe")
        # The checksum, at 17, is over everything behind it.
        raw[17:21] = struct.pack(">I", calc_crc32c(bytes(raw[21:])))
        batch._buffer = raw
        await (await producer.send_batch(batch, topic, partition=0))
    finally:
        await producer.stop()


async def test_a_killed_broker_costs_time_and_no_record(bench: Bench) -> None:
    """The same source goes on, and what it commits counts."""
    topic = await bench.topic()
    await bench.send(topic, *VALUES[:10])

    async with bench.source(topic) as source:
        await drained(source, 10, commit=True)
        await bench.down()
        assert await source.poll(0.2) == {}
        await bench.up()
        await bench.send(topic, *VALUES[10:])
        after = await drained(source, 10)
        await insisted(lambda: source.commit({Partition(topic, 0): 20}))
    async with bench.source(topic) as source:
        assert await drained_for(source, 1.0) == []

    assert [record.value for record in after][-10:] == VALUES[10:]


async def test_partitions_move_after_their_owner_was_asked(bench: Bench) -> None:
    """What it commits while it is asked is where the next one begins."""
    topic = await bench.topic(partitions=2)
    await bench.send(topic, *VALUES, key=None)

    async with bench.source(topic) as old, bench.source(topic) as new:
        changes, newcomer = Changes(old), Changes(new)
        records = await drained(old, 20)
        done = {record.partition: record.offset + 1 for record in records}

        async def commit_all(partitions: Collection[Partition]) -> None:
            await old.commit(done)
            changes.held.clear()

        old.on_change(changes._gained, commit_all)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(
                polled_until(old, lambda: len(changes.held) == 1 and len(newcomer.held) == 1)
            )
            came = await polled_until(new, watching.done)
        both = changes.held | newcomer.held

    assert both == {Partition(topic, 0), Partition(topic, 1)}
    assert came == []


async def test_a_static_member_that_restarts_disturbs_nobody(bench: Bench) -> None:
    """A rolling restart of ten replicas must not stop all ten of them ten times."""
    topic = await bench.topic(partitions=2)

    async with bench.source(topic, instance_id="one") as one:
        changes = Changes(one)
        async with bench.source(topic, instance_id="two") as two:
            other = Changes(two)
            await settled(one, two, changes, other)
        losses = changes.losses
        async with bench.source(topic, instance_id="two") as two:
            other = Changes(two)
            await polled_until(two, lambda: len(other.held) == 1)
            await drained_for(one, SESSION_S / 2)
            assert changes.losses == losses
            assert len(changes.held) == 1


async def settled(
    one: KafkaRecordSource, two: KafkaRecordSource, first: Changes, second: Changes
) -> None:
    """Poll both until each has a partition."""

    def even() -> bool:
        return len(first.held) == 1 and len(second.held) == 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(polled_until(one, even))
        tasks.create_task(polled_until(two, even))


async def test_two_members_with_one_instance_id_are_told(bench: Bench) -> None:
    """They would throw each other out at every heartbeat, and take everything twice."""
    topic = await bench.topic()

    async def until_told(source: KafkaRecordSource) -> None:
        await drained(source, 1)

    async with (
        bench.source(topic, instance_id="same") as one,
        bench.source(topic, instance_id="same") as two,
    ):
        with pytest.RaisesGroup(Misconfigured):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(until_told(one))
                tasks.create_task(until_told(two))


async def test_members_are_told_with_their_instance_ids(bench: Bench) -> None:
    """An embedded engine looks here before it joins, for it can share its group with nobody."""
    topic = await bench.topic()

    nobody = await group_members(bench.options, bench.group)
    async with bench.source(topic, instance_id="one", client_id="engine-1") as source:
        changes = Changes(source)
        await polled_until(source, lambda: bool(changes.held))
        somebody = await group_members(bench.options, bench.group)

    assert list(nobody) == []
    assert list(somebody) == [GroupMember("engine-1", "127.0.0.1", "one")]


async def test_a_source_closes_in_time_while_the_broker_hangs(bench: Bench) -> None:
    """What is not committed then is taken again by whoever comes next."""
    topic = await bench.topic()
    await bench.send(topic, b"a")

    async with asyncio.timeout(PATIENCE_S):
        async with bench.frozen():
            begun = time.monotonic()
            async with bench.source(topic) as source:
                pass
        async with bench.source(topic) as source:
            await drained(source, 1)
            async with bench.frozen():
                begun = time.monotonic()
                await source.__aexit__(None, None, None)
                waited = time.monotonic() - begun

    assert waited < 12
