"""How a worker reaches Kafka, and what Kafka's refusals mean for it."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

from aiokafka import errors as kafka  # type: ignore[import-untyped]
from aiokafka.helpers import create_ssl_context  # type: ignore[import-untyped]

from orchestrator_dynamic.errors import Misconfigured, Unavailable

# What the library raises while brokers are away, and what it lets through of its own sockets.
TROUBLE = (kafka.KafkaError, OSError, TimeoutError)

log = logging.getLogger(__name__)

# Trying again would end the same way until somebody changes something.
_FOR_GOOD = (
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.ClusterAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.IllegalSaslStateError,
    kafka.InconsistentGroupProtocolError,
    kafka.InvalidGroupIdError,
    kafka.InvalidSessionTimeoutError,
    kafka.InvalidTopicError,
    kafka.KafkaConfigurationError,
    kafka.ProducerFenced,
    kafka.SaslAuthenticationFailed,
    kafka.TopicAuthorizationFailedError,
    kafka.TransactionalIdAuthorizationFailed,
    kafka.UnsupportedSaslMechanismError,
    kafka.UnsupportedVersionError,
)


class BrokerUnavailable(Unavailable):
    """No broker could be reached, or none that lets us in, as long as we had patience."""


class BrokerRefused(Misconfigured):
    """The brokers refuse us for good: rights, names or credentials are wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaConnection:
    """Where the brokers are and how they are spoken to.

    Attributes:
        bootstrap_servers: `host:port`, several with commas between them.
        security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        sasl_mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
        ssl_ca_file: PEM file of the authority to trust; None means those of the system.
        ssl_certificate_file: PEM file of our own certificate, where brokers ask for one.
    """

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_ca_file: str | None = None
    ssl_certificate_file: str | None = None
    ssl_key_file: str | None = None
    ssl_key_password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"Kafka at {self.bootstrap_servers} ({self.security_protocol})"

    def client_options(self) -> dict[str, Any]:
        """Return what consumers and producers of aiokafka are made with.

        Raises:
            BrokerRefused: an address, a certificate or a key cannot be used.
        """
        servers = self.bootstrap_servers.split(",")
        for server in servers:
            if not server.rpartition(":")[2].isdecimal():
                raise BrokerRefused(f"{server!r} is no address of a broker; write host:port")
        options: dict[str, Any] = {
            "bootstrap_servers": servers,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = self._ssl_context()
        if self.security_protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.sasl_mechanism or "PLAIN"
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context: ssl.SSLContext = create_ssl_context(
                cafile=self.ssl_ca_file,
                certfile=self.ssl_certificate_file,
                keyfile=self.ssl_key_file,
                password=self.ssl_key_password,
            )
        except OSError as error:
            files = [self.ssl_ca_file, self.ssl_certificate_file, self.ssl_key_file]
            named = ", ".join(name for name in files if name)
            raise BrokerRefused(f"TLS for {self}: {named} cannot be used: {error}") from error
        return context


async def stop_consumer(consumer: Any, deadline_s: float) -> None:
    """Stop `consumer` however it is; where it does not leave in order, its connections are closed.

    The library's `stop` raises what has broken its tasks before it has closed anything.
    """
    if not await _done_in_time(consumer.stop(), deadline_s):
        await _done_in_time(consumer._client.close(), deadline_s)


async def stop_producer(producer: Any, deadline_s: float) -> None:
    """Stop `producer`; what it cannot send in time it gives up.

    The library's `stop` waits for as long as brokers are away, and leaves its sender at work when
    it is told not to.
    """
    if not await _done_in_time(producer.stop(), deadline_s):
        # What is on its way fails with the connections, and then the sender ends.
        await _done_in_time(producer.client.close(), deadline_s)
        await _done_in_time(producer._sender.close(), deadline_s)
        await _done_in_time(producer.client.close(), deadline_s)


async def _done_in_time(stopping: Awaitable[object], deadline_s: float) -> bool:
    try:
        async with asyncio.timeout(deadline_s):
            await stopping
    except TROUBLE as error:
        log.info("a Kafka client did not end well: %r", error)
        return False
    return True


def refuse_for_good(error: BaseException, doing: str) -> None:
    """Return where `error` may pass by itself.

    Args:
        doing: what was being done, for the message.

    Raises:
        BrokerRefused: it will not, and this says what the broker has said.
    """
    cause: BaseException | None = error
    while cause is not None:
        # What breaks one of the library's tasks comes wrapped in another error.
        if isinstance(cause, _FOR_GOOD):
            said = f"{type(cause).__name__}: {cause}".rstrip(": ")
            raise BrokerRefused(f"{doing}: {said}") from error
        cause = cause.__cause__
