"""Making the topics that are missing."""

from orchestrator_dynamic.adapters.kafka.topics import TopicReport, create_topics
from orchestrator_dynamic.bootstrap.addresses import kafka_options, topic_plans
from orchestrator_dynamic.config.settings import Settings


async def made_topics(
    settings: Settings, partitions: int | None, replication: int | None
) -> TopicReport:
    """Make the topics that do not exist yet, and return which; None leaves a number to the brokers.

    Raises:
        BrokerUnavailable: they cannot be reached now.
        Misconfigured: there are none, or they refuse us.
    """
    plans = topic_plans(settings, partitions, replication)
    return await create_topics(kafka_options(settings), plans)
