"""Topics and groups of a test's own on a real broker."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.message_sink import KafkaMessageSink
from orchestrator_dynamic.adapters.kafka.record_source import KafkaRecordSource
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, create_topics
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.record_source import Partition, Record
from tests.support.servers.kafka import Kafka

# A broker that was killed needs up to half a minute on a busy machine, and groups need a moment.
PATIENCE_S = 90

# The shortest that lets a group notice a death soon on a machine that everybody shares.
SESSION_S = 4.0


class Bench:
    """Makes what a test needs."""

    def __init__(self, server: Kafka, options: KafkaOptions | None = None) -> None:
        self.server = server
        self.options = options or KafkaOptions(bootstrap_servers=(server.bootstrap_servers,))
        self.group = f"group.{uuid.uuid4().hex[:8]}"

    async def topic(self, partitions: int = 1) -> str:
        """Make a topic that nobody else has."""
        name = f"topic.{uuid.uuid4().hex[:8]}"
        await create_topics(self.options, [TopicPlan(name=name, partitions=partitions)])
        return name

    def sink(self, patience_s: float = 30.0) -> KafkaMessageSink:
        """Return a sink, which is to be opened."""
        return KafkaMessageSink(self.options, patience_s=patience_s)

    def source(
        self, *topics: str, instance_id: str | None = None, client_id: str = "a-test"
    ) -> KafkaRecordSource:
        """Return a member of this bench's group, which is to be opened."""
        options = KafkaOptions(
            **{name: getattr(self.options, name) for name in self.options.__slots__}
            | {"client_id": client_id}
        )
        return KafkaRecordSource(
            options, group=self.group, topics=topics, instance_id=instance_id, session_s=SESSION_S
        )

    async def send(self, topic: str, *values: bytes | None, key: bytes | None = b"key") -> None:
        """Send `values` to `topic`, in order; None as a tombstone, which sinks do not send."""
        async with self.sink() as sink:
            await sink.send([Outgoing(topic, key, value or b"") for value in values])

    async def values_on(self, topic: str, count: int) -> list[bytes | None]:
        """Return the first `count` values on `topic`, to somebody who has read nothing yet."""
        reader = Bench(self.server, self.options)
        async with reader.source(topic) as source:
            return [record.value for record in await drained(source, count)]

    async def down(self) -> None:
        """Kill the broker."""
        await asyncio.to_thread(self.server.kill)

    async def up(self) -> None:
        """Start the broker on the data that it had."""
        await asyncio.to_thread(self.server.start)

    @asynccontextmanager
    async def frozen(self) -> AsyncIterator[None]:
        """Have the broker answer nobody, with its connections open."""
        await asyncio.to_thread(self.server.freeze)
        try:
            yield
        finally:
            await asyncio.to_thread(self.server.thaw)


async def drained(source: KafkaRecordSource, count: int, *, commit: bool = False) -> list[Record]:
    """Return the next `count` records, or a few more, whatever the broker goes through."""
    found = list[Record]()
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            try:
                arrived = await source.poll(0.2)
            except Unavailable:
                continue
            for partition, records in arrived.items():
                found += records
                if commit:
                    await source.commit({partition: records[-1].offset + 1})
    return found


async def polled_until(source: KafkaRecordSource, holds: Callable[[], bool]) -> list[Record]:
    """Poll until `holds` does, and return what came meanwhile."""
    found = list[Record]()
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            for records in (await source.poll(0.1)).values():
                found += records
    return found


async def drained_for(source: KafkaRecordSource, seconds: float) -> list[Record]:
    """Return what comes within `seconds`."""
    begun = time.monotonic()
    return await polled_until(source, lambda: time.monotonic() - begun > seconds)


async def until(holds: Callable[[], bool]) -> None:
    """Return once `holds` does; clients work meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for is state, which sets no event.
            await asyncio.sleep(0.01)


async def insisted(call: Callable[[], Awaitable[None]]) -> int:
    """Make `call` until it succeeds, and return how often it failed."""
    failures = 0
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await call()
            except Unavailable:
                failures += 1
            else:
                return failures


class Changes:
    """What a source said about its partitions."""

    def __init__(self, source: KafkaRecordSource) -> None:
        self.held: set[Partition] = set()
        self.losses = 0
        source.on_change(self._gained, self._losing)

    async def _gained(self, partitions: Collection[Partition]) -> None:
        self.held.update(partitions)

    async def _losing(self, partitions: Collection[Partition]) -> None:
        self.losses += 1
        self.held.difference_update(partitions)
