"""Kafka and its schema registry: sending, relaying, consuming."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.message_sink import KafkaMessageSink
from orchestrator_dynamic.adapters.kafka.record_source import KafkaRecordSource
from orchestrator_dynamic.adapters.schema_registry.registry import HttpSchemaRegistry
from orchestrator_dynamic.bootstrap.addresses import kafka_options, registry_options
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.bootstrap.topics import topics_of
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.approval_consumer import ApprovalConsumer
from orchestrator_dynamic.consumers.consumption import Consumption, ConsumptionLimits
from orchestrator_dynamic.consumers.dead_letters import DeadLetters
from orchestrator_dynamic.consumers.decision_consumer import DecisionConsumer
from orchestrator_dynamic.consumers.result_consumer import ResultConsumer
from orchestrator_dynamic.consumers.taker import Stream, Taker
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.orchestrator import Orchestrator
from orchestrator_dynamic.ports.outbox import Outbox
from orchestrator_dynamic.runtime.relay import Relay
from orchestrator_dynamic.runtime.ticket_sending import SentTickets
from orchestrator_dynamic.wire.message_codec import MessageCodec


@dataclass(frozen=True, slots=True)
class Broker:
    """A connection to the brokers, and how messages are written for them.

    Attributes:
        breakers: shows how they stand with us, where somebody wants to know.
    """

    settings: Settings
    options: KafkaOptions
    sink: KafkaMessageSink
    codec: MessageCodec
    breakers: Breakers | None

    def tickets(self, metrics: Metrics) -> SentTickets:
        """Return what hands tickets to workers elsewhere."""
        return SentTickets(self.sink, self.codec, self.settings.kafka.tickets_topic, metrics)

    def relay(self, outbox: Outbox, clock: Clock, metrics: Metrics) -> Relay:
        """Return what sends the messages of `outbox`."""
        topics = topics_of(self.settings, relayed=True)
        return Relay(
            outbox=outbox,
            sink=self.sink,
            codec=self.codec,
            topics=topics,
            clock=clock,
            metrics=metrics,
        )

    @asynccontextmanager
    async def consumption(
        self,
        orchestrator: Orchestrator,
        metrics: Metrics,
        streams: Collection[Stream],
        instance_id: str | None = None,
    ) -> AsyncIterator[Consumption]:
        """Open what consumes `streams` for `orchestrator`; run it inside the context."""
        takers = [self._taker(stream, orchestrator, metrics) for stream in streams]
        kafka = self.settings.kafka
        source = KafkaRecordSource(
            self.options,
            group=kafka.consumer_group_id,
            topics=[taker.topic for taker in takers],
            instance_id=instance_id or kafka.group_instance_id,
        )
        if self.breakers is not None:
            self.breakers.watch("kafka", *source.standings)
        limits = ConsumptionLimits(stop_s=self.settings.shutdown_timeout_s)
        async with source:
            yield Consumption(source, takers, metrics, limits)

    def _taker(self, stream: Stream, orchestrator: Orchestrator, metrics: Metrics) -> Taker:
        kafka = self.settings.kafka
        match stream:
            case Stream.DECISIONS:
                topic = kafka.consensus_topic
                letters = DeadLetters(orchestrator, topic, to=kafka.dead_letters_topic)
                return DecisionConsumer(topic, orchestrator, self.codec, letters)
            case Stream.RESULTS:
                letters = DeadLetters(orchestrator, kafka.results_topic, to=None)
                return ResultConsumer(kafka.results_topic, orchestrator, self.codec, letters)
            case Stream.APPROVALS:
                topic = kafka.approvals_topic
                letters = DeadLetters(orchestrator, topic, to=None)
                return ApprovalConsumer(topic, orchestrator, self.codec, letters, metrics)


@asynccontextmanager
async def opened_broker(
    settings: Settings,
    client_id: str = "orchestrator-dynamic",
    breakers: Breakers | None = None,
) -> AsyncIterator[Broker]:
    """Open the brokers of `settings`; nothing is asked of them yet.

    Raises:
        Misconfigured: none are set, or a certificate cannot be read.
    """
    async with AsyncExitStack() as opened:
        codec = await opened.enter_async_context(opened_codec(settings, breakers))
        options = kafka_options(settings, client_id)
        sink = await opened.enter_async_context(KafkaMessageSink(options))
        if breakers is not None:
            breakers.watch("kafka", sink.standing)
        yield Broker(settings, options, sink, codec, breakers)


@asynccontextmanager
async def opened_codec(
    settings: Settings, breakers: Breakers | None = None
) -> AsyncIterator[MessageCodec]:
    """Open what writes messages, with the schema registry where one is set."""
    options = registry_options(settings)
    if options is None:
        yield MessageCodec(None)
        return
    async with HttpSchemaRegistry(options) as registry:
        if breakers is not None:
            breakers.watch("schema_registry", registry.standing)
        yield MessageCodec(registry)
