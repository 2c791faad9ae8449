"""Everything that is said on the topics of a world, as anybody could hear it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import fastavro
from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
_LOOK_S = 0.05
_PREFIX = 5


@dataclass(frozen=True)
class Heard:
    """A message; `at` is when its producer took it in hand, epoch ms."""

    topic: str
    partition: int
    offset: int
    at: int
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    schema: str

    @cached_property
    def body(self) -> Any:
        """What it says: Avro of our contracts after the prefix, or JSON."""
        if self.value[:1] != b"\x00":
            return json.loads(self.value)
        text = io.BytesIO(self.value[_PREFIX:])
        return fastavro.schemaless_reader(text, parsed(self.schema), None)


_parsed: dict[str, Any] = {}


def parsed(name: str) -> Any:
    """Return the schema called `name`, read from the file that other teams read."""
    if name not in _parsed:
        text = (SCHEMAS / name / f"{name}.avsc").read_text()
        _parsed[name] = fastavro.parse_schema(json.loads(text))
    return _parsed[name]


class Listener:
    """Hears several topics from their beginning; made by `listening`."""

    def __init__(self, schemas: dict[str, str]) -> None:
        self._schemas = schemas
        self.heard: dict[str, list[Heard]] = {topic: [] for topic in schemas}

    def on(self, topic: str) -> Sequence[Heard]:
        """Return what was heard on `topic` so far."""
        return self.heard[topic]

    async def until(self, topic: str, count: int, patience_s: float = 60) -> Sequence[Heard]:
        """Return what was heard on `topic` once that is `count` messages."""
        heard = self.heard[topic]
        async with asyncio.timeout(patience_s):
            while len(heard) < count:  # noqa: ASYNC110 - another task hears them.
                await asyncio.sleep(_LOOK_S)
        return heard

    async def first_after(self, topic: str, at: int, patience_s: float) -> Heard:
        """Return the first message on `topic` that was made after `at`."""
        seen = 0
        heard = self.heard[topic]
        async with asyncio.timeout(patience_s):
            while True:
                for one in heard[seen:]:
                    if one.at > at:
                        return one
                seen = len(heard)
                await asyncio.sleep(_LOOK_S)

    async def hear(self, consumer: AIOKafkaConsumer) -> None:
        """Listen until cancelled; brokers that are away come back."""
        while True:
            try:
                found = await consumer.getmany(timeout_ms=200)
            except (KafkaError, OSError):
                await asyncio.sleep(_LOOK_S)
                continue
            for place, rows in found.items():
                schema, heard = self._schemas[place.topic], self.heard[place.topic]
                for row in rows:
                    headers = tuple((name, value or b"") for name, value in row.headers)
                    where = (place.topic, place.partition, row.offset, row.timestamp)
                    heard.append(Heard(*where, row.key, row.value or b"", headers, schema))


@asynccontextmanager
async def listening(
    servers: str, schemas: dict[str, str], partitions: int
) -> AsyncIterator[Listener]:
    """Hear the topics in `schemas`, each with its schema's name, until the block ends."""
    listener = Listener(schemas)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    try:
        places = [TopicPartition(name, n) for name in schemas for n in range(partitions)]
        consumer.assign(places)
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(listener.hear(consumer))
            try:
                yield listener
            finally:
                hearing.cancel()
    finally:
        await consumer.stop()
