"""How workers in processes of their own reach their tickets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.bootstrap.addresses import path_text
from orchestrator_dynamic.bootstrap.broker import opened_codec
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
from orchestrator_dynamic.sdk.kafka_transport import KafkaTransport


@asynccontextmanager
async def opened_transport(
    settings: Settings, profile: WorkerProfile, group_id: str
) -> AsyncIterator[KafkaTransport]:
    """Open a worker's way to the tickets topic and back.

    Raises:
        Misconfigured: no brokers are set, or they refuse us.
    """
    kafka = settings.kafka
    async with opened_codec(settings) as codec:
        transport = KafkaTransport(
            connection_of(settings),
            profile=profile,
            group_id=group_id,
            tickets_topic=kafka.tickets_topic,
            results_topic=kafka.results_topic,
            codec=codec,
            clock=SystemClock(),
        )
        async with transport:
            yield transport


def connection_of(settings: Settings) -> KafkaConnection:
    """Return how workers reach the brokers.

    Raises:
        Misconfigured: none are set.
    """
    kafka = settings.kafka
    if not kafka.bootstrap_servers:
        raise Misconfigured(
            "workers elsewhere take tickets from Kafka; set KAFKA_BOOTSTRAP_SERVERS"
        )
    password, key_password = kafka.sasl_password, kafka.ssl_key_password
    return KafkaConnection(
        bootstrap_servers=",".join(kafka.bootstrap_servers),
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_username=kafka.sasl_username,
        sasl_password=None if password is None else password.get_secret_value(),
        ssl_ca_file=path_text(kafka.ssl_ca_location),
        ssl_certificate_file=path_text(kafka.ssl_certificate_location),
        ssl_key_file=path_text(kafka.ssl_key_location),
        ssl_key_password=None if key_password is None else key_password.get_secret_value(),
    )
