"""Settings as the adapters for brokers want them: where things are, and what they are called."""

from pathlib import Path

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan
from orchestrator_dynamic.adapters.schema_registry.rest_client import RegistryOptions
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured

_DAY_MS = 24 * 60 * 60 * 1000

# What was decided and what was done is read again when somebody asks why; progress soon is not.
_LONG_MS, _SHORT_MS = 30 * _DAY_MS, 7 * _DAY_MS


def kafka_options(settings: Settings, client_id: str = "orchestrator-dynamic") -> KafkaOptions:
    """Return how brokers are reached.

    Raises:
        Misconfigured: none are set.
    """
    kafka = settings.kafka
    if not kafka.bootstrap_servers:
        raise Misconfigured("there are no brokers; set KAFKA_BOOTSTRAP_SERVERS")
    password, key_password = kafka.sasl_password, kafka.ssl_key_password
    return KafkaOptions(
        bootstrap_servers=tuple(kafka.bootstrap_servers),
        client_id=client_id,
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_username=kafka.sasl_username,
        sasl_password=None if password is None else password.get_secret_value(),
        ca_location=path_text(kafka.ssl_ca_location),
        certificate_location=path_text(kafka.ssl_certificate_location),
        key_location=path_text(kafka.ssl_key_location),
        key_password=None if key_password is None else key_password.get_secret_value(),
    )


def registry_options(settings: Settings) -> RegistryOptions | None:
    """Return how the schema registry is reached; None where none is set."""
    url = settings.schema_registry.url
    if url is None:
        return None
    ca_location = path_text(settings.kafka.ssl_ca_location)
    return RegistryOptions(url=url.get_secret_value(), ca_location=ca_location)


def path_text(path: Path | None) -> str | None:
    """Return a path as libraries want it; None where there is none."""
    return None if path is None else str(path)


def topic_plans(
    settings: Settings, partitions: int | None = None, replication: int | None = None
) -> tuple[TopicPlan, ...]:
    """Return every topic that we read or write, as it should be; None leaves it to the brokers."""
    kafka = settings.kafka
    long_kept = (
        kafka.consensus_topic,
        kafka.dead_letters_topic,
        kafka.incidents_topic,
        kafka.approvals_topic,
    )
    soon_gone = (
        kafka.tickets_topic,
        kafka.results_topic,
        kafka.telemetry_topic,
        kafka.sla_alerts_topic,
        kafka.sla_violations_topic,
    )
    kept = {**dict.fromkeys(long_kept, _LONG_MS), **dict.fromkeys(soon_gone, _SHORT_MS)}
    return tuple(
        TopicPlan(
            name=name, partitions=partitions, replication=replication, retention_ms=retention_ms
        )
        for name, retention_ms in kept.items()
    )
