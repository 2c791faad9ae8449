"""Telling a login or a certificate that a person must correct from brokers that are away."""

import asyncio
import ssl

from aiokafka import errors as kafka  # type: ignore[import-untyped]
from aiokafka.conn import create_conn  # type: ignore[import-untyped]

from orchestrator_dynamic.sdk.kafka_connection import (
    BrokerRefused,
    KafkaConnection,
    refuse_for_good,
)

_DIAGNOSIS_S = 5.0


async def refuse_at_the_door(connection: KafkaConnection, error: BaseException, doing: str) -> None:
    """Return where `error` may pass by itself.

    The library reports a wrong password like a broker that is down, so we knock once ourselves.

    Args:
        doing: what was being done, for the message.

    Raises:
        BrokerRefused: it will not pass, and this says what the broker has said.
    """
    refuse_for_good(error, doing)
    if not isinstance(error, kafka.KafkaConnectionError):
        return
    for server in connection.bootstrap_servers.split(","):
        said = await _knock(connection, server)
        if said is not None:
            refuse_for_good(said, doing)
            if isinstance(said, ssl.SSLCertVerificationError):
                raise BrokerRefused(f"{doing}: {server} is not trusted: {said}") from error


async def _knock(connection: KafkaConnection, server: str) -> Exception | None:
    options = connection.client_options()
    del options["bootstrap_servers"]
    host, _, port = server.rpartition(":")
    try:
        async with asyncio.timeout(_DIAGNOSIS_S):
            connected = await create_conn(
                host.strip("[]"), int(port), request_timeout_ms=int(_DIAGNOSIS_S * 1000), **options
            )
    except (OSError, kafka.KafkaError) as error:
        return error
    connected.close()
    return None
