"""Where the backing services are. What is not set is done by an embedded part, each on its own."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from orchestrator_dynamic.config.section import Conflict, Section
from orchestrator_dynamic.config.setting_types import (
    UPPER_CASE,
    FilePath,
    Host,
    HostsAndPorts,
    MongoAddress,
    Name,
    Port,
    RegistryAddress,
    Topic,
)

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class TemporalSettings(Section):
    """The Temporal server, which runs workflows in place of the embedded engine."""

    model_config = SettingsConfigDict(env_prefix="TEMPORAL_")

    host: Host | None = Field(
        None, description="Host of the Temporal server. Not set: the embedded engine runs plans."
    )
    port: Port = Field(7233, description="Port of the Temporal frontend; Temporal's own default.")
    namespace: Name = Field(
        "neural-hive-mind",
        description="Temporal namespace; shared with the other services of the ecosystem.",
    )
    task_queue: Name = Field(
        "orchestration-tasks",
        description="Task queue of workflows and activities; the name that deployments know.",
    )
    tls_enabled: bool = Field(
        False, description="Speak TLS with Temporal; off, as in a cluster's own network."
    )


class KafkaSettings(Section):
    """The Kafka cluster, which carries messages in place of the embedded bus."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")

    bootstrap_servers: HostsAndPorts | None = Field(
        None, description="Kafka brokers to start from. Not set: the embedded bus carries messages."
    )
    consensus_topic: Topic = Field(
        "plans.consensus", description="Decisions come from this topic; fixed by its producer."
    )
    tickets_topic: Topic = Field(
        "execution.tickets", description="Tickets go to this topic; fixed by its consumers."
    )
    results_topic: Topic = Field(
        "execution.results", description="Results come from this topic; fixed by its producers."
    )
    incidents_topic: Topic = Field(
        "orchestration.incidents", description="Incidents go to this topic; fixed by its consumers."
    )
    telemetry_topic: Topic = Field(
        "telemetry.orchestration",
        description="Telemetry frames go to this topic; fixed by its consumers.",
    )
    dead_letters_topic: Topic = Field(
        "plans.consensus.dlq",
        description="Decisions that cannot be used go to this topic; fixed by its consumers.",
    )
    sla_alerts_topic: Topic = Field(
        "sla.alerts", description="Warnings before a deadline go to this topic."
    )
    sla_violations_topic: Topic = Field(
        "sla.violations", description="Missed deadlines go to this topic."
    )
    approvals_topic: Topic = Field(
        "cognitive-plans-approval-responses",
        description="Answers of people who approve plans come from this topic.",
    )
    consumer_group_id: Name = Field(
        "orchestrator-dynamic",
        description="Consumer group; replicas that share it share the partitions.",
    )
    group_instance_id: Name | None = Field(
        None,
        description="Name of this replica in its consumer group, its own and lasting, so that it "
        "takes over its partitions at once after a restart. Not set: a member like any other.",
    )
    security_protocol: Annotated[SecurityProtocol, UPPER_CASE] = Field(
        "PLAINTEXT", description="How the brokers are spoken to; Kafka's own default."
    )
    sasl_mechanism: Annotated[SaslMechanism, UPPER_CASE] | None = Field(
        None, description="How the login is proven, where the protocol is one with SASL."
    )
    sasl_username: str | None = Field(None, description="User name, where the protocol has SASL.")
    sasl_password: SecretStr | None = Field(
        None, description="Password, where the protocol has SASL."
    )
    ssl_ca_location: FilePath | None = Field(
        None, description="PEM file of the authority to trust. Not set: those of the system."
    )
    ssl_certificate_location: FilePath | None = Field(
        None, description="PEM file of our own certificate, where brokers ask for one."
    )
    ssl_key_location: FilePath | None = Field(
        None, description="PEM file of the key to our own certificate."
    )
    ssl_key_password: SecretStr | None = Field(
        None, description="Password of the key. Not set: the key is not encrypted."
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Return what would connect without its credentials, or mix up two topics."""
        yield from self._about_login()
        yield from self._about_certificates()
        yield from self._about_topics()

    def _about_login(self) -> Iterator[Conflict]:
        parts = {
            "KAFKA_SASL_MECHANISM": self.sasl_mechanism,
            "KAFKA_SASL_USERNAME": self.sasl_username,
            "KAFKA_SASL_PASSWORD": self.sasl_password,
        }
        protocol = self.security_protocol
        for name, part in parts.items():
            if protocol.startswith("SASL") and part is None:
                message = f"KAFKA_SECURITY_PROTOCOL={protocol} needs {name}"
                yield Conflict((name, "KAFKA_SECURITY_PROTOCOL"), message)
            if not protocol.startswith("SASL") and part is not None:
                message = f"{name} has no effect with KAFKA_SECURITY_PROTOCOL={protocol}"
                yield Conflict((name, "KAFKA_SECURITY_PROTOCOL"), message)

    def _about_certificates(self) -> Iterator[Conflict]:
        parts = {
            "KAFKA_SSL_CA_LOCATION": self.ssl_ca_location,
            "KAFKA_SSL_CERTIFICATE_LOCATION": self.ssl_certificate_location,
            "KAFKA_SSL_KEY_LOCATION": self.ssl_key_location,
            "KAFKA_SSL_KEY_PASSWORD": self.ssl_key_password,
        }
        for name, part in parts.items():
            if part is not None and not self.security_protocol.endswith("SSL"):
                message = (
                    f"{name} has no effect with KAFKA_SECURITY_PROTOCOL={self.security_protocol}"
                )
                yield Conflict((name, "KAFKA_SECURITY_PROTOCOL"), message)
        if (self.ssl_certificate_location is None) != (self.ssl_key_location is None):
            names = ("KAFKA_SSL_CERTIFICATE_LOCATION", "KAFKA_SSL_KEY_LOCATION")
            yield Conflict(names, " and ".join(names) + " need each other")

    def _about_topics(self) -> Iterator[Conflict]:
        """Two purposes on one topic would have us read what we write."""
        first: dict[str, str] = {}
        for name, key, _ in self.named_fields():
            if key.endswith("_topic"):
                topic = getattr(self, key)
                if (other := first.setdefault(topic, name)) != name:
                    message = f"{other} and {name} must differ, but both are {topic}"
                    yield Conflict((other, name), message)


class SchemaRegistrySettings(Section):
    """The registry of Avro schemas."""

    model_config = SettingsConfigDict(env_prefix="SCHEMA_REGISTRY_")

    url: RegistryAddress | None = Field(
        None, description="Address of the schema registry. Not set: messages are written as JSON."
    )


class PostgresSettings(Section):
    """Where Temporal keeps its state: for the deployment and `doctor`, not for the service."""

    model_config = SettingsConfigDict(env_prefix="POSTGRES_")

    host: Host | None = Field(None, description="Host of Temporal's PostgreSQL.")
    port: Port = Field(5432, description="Port of Temporal's PostgreSQL; its own default.")
    database: Name = Field("temporal", description="Temporal's database; its own default.")
    user: str | None = Field(None, description="User of Temporal's database.")
    password: SecretStr | None = Field(None, description="Password of Temporal's database.")


class MongoSettings(Section):
    """The MongoDB deployment, which keeps plans, tickets and audit in place of SQLite."""

    model_config = SettingsConfigDict(env_prefix="MONGODB_")

    uri: MongoAddress | None = Field(
        None, description="Address of MongoDB. Not set: the embedded store in DATA_DIR is used."
    )
    database: Name = Field(
        "neural_hive_orchestration", description="Database in MongoDB; shared with its readers."
    )
    retention_days: int | None = Field(
        None,
        ge=1,
        le=36_500,
        description="Days after which ended plans leave MongoDB. Not set: they stay.",
    )


class RedisSettings(Section):
    """The Redis cluster, which caches in place of this process's memory."""

    model_config = SettingsConfigDict(env_prefix="REDIS_")

    cluster_nodes: HostsAndPorts | None = Field(
        None, description="Redis nodes to start from. Not set: the cache is in memory."
    )
    password: SecretStr | None = Field(None, description="Password of the Redis cluster.")
    ssl_enabled: bool = Field(
        False, description="Speak TLS with Redis; off, as in a cluster's own network."
    )
    ssl_ca_location: FilePath | None = Field(
        None, description="PEM file of the authority to trust. Not set: those of the system."
    )
