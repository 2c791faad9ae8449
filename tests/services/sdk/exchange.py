"""Two topics on a real broker, and what an orchestrator does with them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import (  # type: ignore[import-untyped]
    AIOKafkaConsumer,
    AIOKafkaProducer,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, create_topics
from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus, TicketStatus
from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
from orchestrator_dynamic.sdk.kafka_transport import Codec, KafkaLimits, KafkaTransport
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.wire import message_writer
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.result_reader import read_result

PATIENCE_S = 60
# The shortest that the test brokers allow is 1 s; a busy machine needs more.
LIMITS = KafkaLimits(session_timeout_s=4.0)


async def passes(seconds: float) -> None:
    """Let real time pass: that is what brokers, sessions and work that takes a while go by."""
    await asyncio.sleep(seconds)


class Exchange:
    """Publishes tickets and hears results; made by `open_exchange`."""

    def __init__(self, bootstrap_servers: str, producer: Any, consumer: Any, topics: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.tickets_topic = f"tickets.{topics}"
        self.results_topic = f"results.{topics}"
        self.group = f"group.{topics}"
        self.heard: list[ExecutionResult] = []
        self.headers: list[dict[str, bytes]] = []
        self._producer = producer
        self._consumer = consumer

    async def publish(
        self, *tickets: ExecutionTicket, headers: Mapping[str, bytes] | None = None
    ) -> None:
        """Publish `tickets` in order, each under its plan's key, as an orchestrator does."""
        for ticket in tickets:
            data = message_writer.to_json(ticket)
            await self.publish_bytes(data, ticket.plan_id.encode(), headers)
        await self._producer.flush()

    async def publish_bytes(
        self, data: bytes, key: bytes, headers: Mapping[str, bytes] | None = None
    ) -> None:
        """Publish any bytes at all."""
        pairs = list((headers or {}).items())
        await self._producer.send(self.tickets_topic, data, key=key, headers=pairs)

    async def cancel(self, ticket: ExecutionTicket) -> None:
        """Tell workers that nobody wants `ticket` any more."""
        metadata = {**ticket.metadata, "cancel_requested": "true"}
        update = {"status": TicketStatus.RUNNING, "metadata": metadata}
        await self.publish(ticket.model_copy(update=update))

    async def hear(self, patience_s: float = PATIENCE_S) -> ExecutionResult:
        """Return the next result, an answer or a sign of life."""
        async with asyncio.timeout(patience_s):
            record = await self._consumer.getone()
        result = read_result(record.value)
        self.heard.append(result)
        self.headers.append(dict(record.headers))
        return result

    async def answers(self, count: int) -> list[ExecutionResult]:
        """Return the first answers to `count` attempts; signs of life and repetitions are none."""
        found: dict[tuple[str, str], ExecutionResult] = {}
        while len(found) < count:
            result = await self.hear()
            if result.status is not ExecutionStatus.RUNNING:
                attempt = (result.ticket_id, result.result.metadata["attempt"])
                found.setdefault(attempt, result)
        return list(found.values())

    async def committed(self) -> int:
        """Return how many messages the group counts as done, on all partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(self.group)
        finally:
            await admin.close()
        return sum(one.offset for one in offsets.values() if one.offset > 0)

    async def until_committed(self, count: int) -> None:
        """Wait until the group counts `count` messages as done."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                # A broker that comes back does not know at once who coordinates the group.
                with suppress(KafkaError):
                    if await self.committed() >= count:
                        return
                await asyncio.sleep(0.05)

    def transport(
        self,
        worker: Worker,
        *,
        limits: KafkaLimits = LIMITS,
        codec: Codec | None = None,
        results_topic: str | None = None,
    ) -> KafkaTransport:
        """Return a transport for `worker` in this exchange's group."""
        return KafkaTransport(
            KafkaConnection(bootstrap_servers=self.bootstrap_servers),
            profile=worker.profile(),
            group_id=self.group,
            tickets_topic=self.tickets_topic,
            results_topic=results_topic or self.results_topic,
            codec=codec or MessageCodec(None),
            clock=SystemClock(),
            limits=limits,
        )

    @asynccontextmanager
    async def working(
        self, worker: Worker, *, limits: KafkaLimits = LIMITS, codec: Codec | None = None
    ) -> AsyncIterator[KafkaTransport]:
        """Run `worker` until the block ends; what runs then is given up."""
        async with (
            self.transport(worker, limits=limits, codec=codec) as transport,
            asyncio.TaskGroup() as tasks,
        ):
            run = tasks.create_task(run_worker(worker, transport, clock=SystemClock()))
            yield transport
            run.cancel()


@asynccontextmanager
async def open_exchange(bootstrap_servers: str, partitions: int = 4) -> AsyncIterator[Exchange]:
    """Make two topics, and hear all that is said on the one for results."""
    topics = uuid.uuid4().hex[:10]
    names = [f"tickets.{topics}", f"results.{topics}"]
    plans = [TopicPlan(name=name, partitions=partitions, replication=1) for name in names]
    await create_topics(KafkaOptions(bootstrap_servers=(bootstrap_servers,)), plans)
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True
    )
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    try:
        consumer.assign([TopicPartition(names[1], number) for number in range(partitions)])
        yield Exchange(bootstrap_servers, producer, consumer, topics)
    finally:
        await consumer.stop()
        await producer.stop()
