"""How brokers are reached, in plain values, and in the words of the library."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from aiokafka.helpers import create_ssl_context  # type: ignore[import-untyped]

from orchestrator_dynamic.errors import Misconfigured

# A rebalance holds a request to join for as long as the slowest member takes, see record_source.
REQUEST_TIMEOUT_MS = 20_000

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = (None, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaOptions:
    """How to reach a cluster.

    Attributes:
        bootstrap_servers: each as `host:port`.
        client_id: what brokers call us in their logs and in lists of members.
        security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        sasl_mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
        ca_location: PEM file of the authority to trust; None means those of the system.
        certificate_location, key_location: PEM files of our own, where brokers ask for them.
    """

    bootstrap_servers: tuple[str, ...]
    client_id: str = "orchestrator-dynamic"
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ca_location: str | None = None
    certificate_location: str | None = None
    key_location: str | None = None
    key_password: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """The servers, for people."""
        return ",".join(self.bootstrap_servers)


def login_arguments(options: KafkaOptions) -> dict[str, Any]:
    """Return how a connection proves who we are, as every client of the library takes it.

    Raises:
        Misconfigured: a certificate or key cannot be read, or the protocol or the mechanism is none
            of those that there are.
    """
    if options.security_protocol not in _PROTOCOLS:
        raise Misconfigured(f"{options.security_protocol} is no security protocol of Kafka")
    if options.sasl_mechanism not in _MECHANISMS:
        raise Misconfigured(f"{options.sasl_mechanism} is no SASL mechanism that we know")
    return {
        "security_protocol": options.security_protocol,
        "ssl_context": _trust(options) if options.security_protocol.endswith("SSL") else None,
        "sasl_mechanism": options.sasl_mechanism or "PLAIN",
        "sasl_plain_username": options.sasl_username,
        "sasl_plain_password": options.sasl_password,
    }


def client_arguments(options: KafkaOptions) -> dict[str, Any]:
    """Return how producers, consumers and administrators are made.

    Raises:
        Misconfigured: a certificate or key cannot be read.
    """
    return {
        "bootstrap_servers": list(options.bootstrap_servers),
        "client_id": options.client_id,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        # New partitions and moved leaders are noticed within half a minute.
        "metadata_max_age_ms": 30_000,
        **login_arguments(options),
    }


def _trust(options: KafkaOptions) -> ssl.SSLContext:
    try:
        context: ssl.SSLContext = create_ssl_context(
            cafile=options.ca_location,
            certfile=options.certificate_location,
            keyfile=options.key_location,
            password=options.key_password,
        )
    except OSError as error:
        files = (options.ca_location, options.certificate_location, options.key_location)
        named = ", ".join(file for file in files if file) or "the system's authorities"
        raise Misconfigured(f"reading {named} for TLS with Kafka: {error}") from error
    return context
