"""Topics that exist as long as something is measured."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from orchestrator_dynamic.adapters.kafka.administration import administrator
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, create_topics


@asynccontextmanager
async def temporary_topics(
    options: KafkaOptions, plans: Sequence[TopicPlan]
) -> AsyncIterator[None]:
    """Make topics, and delete those that were made at the end.

    Raises:
        BrokerUnavailable: the brokers cannot be reached now.
        Misconfigured: they refuse us.
    """
    report = await create_topics(options, plans)
    try:
        yield
    finally:
        async with administrator(options, "deleting topics") as client:
            await client.delete_topics(list(report.created))
