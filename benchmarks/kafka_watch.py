"""Looking at topics and groups from outside, and bringing decisions, for benchmarks."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.connection import client_arguments
from orchestrator_dynamic.bootstrap.addresses import kafka_options
from orchestrator_dynamic.config.settings import Settings

_PATIENCE_S = 30.0


class KafkaWatch:
    """Clients of the brokers of `settings`; open it as a context."""

    def __init__(self, settings: Settings) -> None:
        arguments = client_arguments(kafka_options(settings, "orq-bench"))
        self._group = settings.kafka.consumer_group_id
        self._consumer = AIOKafkaConsumer(**arguments)
        self._producer = AIOKafkaProducer(linger_ms=5, **arguments)
        self._admin = AIOKafkaAdminClient(**arguments)

    async def __aenter__(self) -> Self:
        """Connect."""
        async with asyncio.timeout(_PATIENCE_S):
            await self._consumer.start()
            await self._producer.start()
            await self._admin.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        async with asyncio.timeout(_PATIENCE_S):
            await self._admin.close()
            await self._producer.stop()
            await self._consumer.stop()

    async def send(self, topic: str, messages: Sequence[tuple[str, bytes]]) -> None:
        """Return once all of these keys and values are acknowledged."""
        async with asyncio.timeout(_PATIENCE_S):
            sent = [
                await self._producer.send(topic, value, key=key.encode()) for key, value in messages
            ]
            await asyncio.gather(*sent)

    async def records(self, topic: str) -> int:
        """Return how many records there have been on a topic."""
        return sum((await self.ends(topic)).values())

    async def lag(self, *topics: str) -> int:
        """Return how many records of topics the group has not committed yet."""
        ends = {place: end for topic in topics for place, end in (await self.ends(topic)).items()}
        async with asyncio.timeout(_PATIENCE_S):
            told = await self._admin.list_consumer_group_offsets(self._group)
        done = {place: max(0, one.offset) for place, one in told.items()}
        return sum(end - done.get(place, 0) for place, end in ends.items())

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """Return the offset of the next record of each partition."""
        async with asyncio.timeout(_PATIENCE_S):
            parts = await self._parts(topic)
            ends: dict[TopicPartition, int] = await self._consumer.end_offsets(
                [TopicPartition(topic, part) for part in parts]
            )
        return ends

    async def _parts(self, topic: str) -> Sequence[int]:
        # Not the consumer's own look, which knows only topics that it consumes.
        described = await self._admin.describe_topics([topic])
        return [part["partition"] for part in described[0]["partitions"]]
