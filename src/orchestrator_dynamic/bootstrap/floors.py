"""What engines are measured beside, and the topics and servers that it is done on."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from orchestrator_dynamic.adapters.kafka.floor import KafkaFloor
from orchestrator_dynamic.adapters.kafka.temporary_topics import temporary_topics
from orchestrator_dynamic.adapters.sqlite.floor import opened_floor
from orchestrator_dynamic.adapters.temporal.connection import connected
from orchestrator_dynamic.bootstrap.addresses import kafka_options, topic_plans
from orchestrator_dynamic.bootstrap.broker import opened_codec
from orchestrator_dynamic.bootstrap.shared_addresses import temporal_address
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.workflows.activity_per_task import ActivityPerTask

_TOPIC_SETTINGS = (
    "consensus_topic",
    "tickets_topic",
    "results_topic",
    "incidents_topic",
    "telemetry_topic",
    "dead_letters_topic",
    "sla_alerts_topic",
    "sla_violations_topic",
    "approvals_topic",
)


def with_names_of_its_own(settings: Settings, name: str) -> Settings:
    """Return settings under which nothing on the servers is shared with anybody: `name` is new."""
    topics = {key: f"{name}.{getattr(settings.kafka, key)}" for key in _TOPIC_SETTINGS}
    kafka = settings.kafka.model_copy(update={**topics, "consumer_group_id": name})
    temporal = settings.temporal.model_copy(update={"task_queue": name})
    mongodb = settings.mongodb.model_copy(update={"database": name.replace(".", "_")})
    return settings.model_copy(update={"kafka": kafka, "temporal": temporal, "mongodb": mongodb})


@asynccontextmanager
async def topics_for_a_while(settings: Settings, partitions: int) -> AsyncIterator[None]:
    """Have every topic of `settings`, as long as the context is open.

    Raises:
        Misconfigured: there are no brokers, or they refuse us.
    """
    options, plans = kafka_options(settings), topic_plans(settings, partitions)
    async with temporary_topics(options, plans):
        yield


@asynccontextmanager
async def opened_kafka_floor(settings: Settings, directory: Path) -> AsyncIterator[KafkaFloor]:
    """Open the floor of an engine over Kafka; the topics of `settings` must be its own."""
    kafka = settings.kafka
    async with AsyncExitStack() as opened:
        commit = opened.enter_context(opened_floor(directory))
        codec = await opened.enter_async_context(opened_codec(settings))
        yield await opened.enter_async_context(
            KafkaFloor(
                kafka_options(settings, "orchestrator-floor"),
                codec,
                tickets_topic=kafka.tickets_topic,
                results_topic=kafka.results_topic,
                group=kafka.consumer_group_id,
                commit=commit,
            )
        )


@asynccontextmanager
async def opened_temporal_floor(settings: Settings) -> AsyncIterator[ActivityPerTask]:
    """Open what runs plans by one activity for each task, on the server of `settings`."""
    client = await connected(temporal_address(settings))
    async with ActivityPerTask(client, f"{settings.temporal.task_queue}-floor") as floor:
        yield floor
