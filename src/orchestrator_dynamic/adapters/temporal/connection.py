"""Connecting to a Temporal server, and what its errors mean to us."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from temporalio.client import Client, RPCTimeoutOrCancelledError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError, RPCStatusCode

from orchestrator_dynamic.errors import Misconfigured, Unavailable

TemporalClient = Client

# The server's own answer takes milliseconds; a caller that waits longer had better try again.
CALL_TIMEOUT = timedelta(seconds=10)

_OPERATORS_FAULT = (
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.UNIMPLEMENTED,
)

# Whoever starts workflows registers what is missing first; a server hears of it from a cache.
_NOT_KNOWN_YET = "no mapping defined for search attribute"


class TemporalUnavailable(Unavailable):
    """The server did not answer; what was asked of it may have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalAddress:
    """Where a Temporal server is, and what of it is ours."""

    target: str
    namespace: str
    tls: bool = False


async def connected(address: TemporalAddress) -> TemporalClient:
    """Return a client, which reconnects by itself and needs no closing.

    Raises:
        TemporalUnavailable: the server cannot be reached now.
        Misconfigured: it refuses us.
    """
    with translated(f"connecting to Temporal at {address.target}"):
        async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
            return await Client.connect(
                address.target,
                namespace=address.namespace,
                tls=address.tls,
                data_converter=pydantic_data_converter,
                runtime=_runtime(),
            )


@cache
def _runtime() -> Runtime:
    """Return the one runtime of this process, whose warnings are logged like all others.

    Left to itself it writes them to stdout, between what programs read there.
    """
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio"))
    filtering = TelemetryFilter(core_level="WARN", other_level="ERROR")
    return Runtime(
        telemetry=TelemetryConfig(logging=LoggingConfig(filter=filtering, forwarding=forwarding))
    )


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn what the client raises inside into our kinds of error.

    Args:
        what: what is being done, for people.
    """
    try:
        yield
    except RPCError as error:
        if _NOT_KNOWN_YET in (error.message or ""):
            raise TemporalUnavailable(f"{what}: {error.message}") from error
        if error.status in _OPERATORS_FAULT:
            raise Misconfigured(f"{what}: {error.message}") from error
        if names_no_namespace(error):
            remedy = "create it, or set TEMPORAL_NAMESPACE"
            raise Misconfigured(f"{what}: {error.message}; {remedy}") from error
        raise TemporalUnavailable(f"{what}: {error.message or error.status.name}") from error
    except (RPCTimeoutOrCancelledError, TimeoutError) as error:
        raise TemporalUnavailable(f"{what}: no answer in time") from error
    except RuntimeError as error:
        # The client says so where it has never reached the server.
        raise TemporalUnavailable(f"{what}: {error}") from error


def names_no_namespace(error: RPCError) -> bool:
    """Return whether the server knows no such namespace; a missing workflow is another thing."""
    return any(
        detail.type_url.endswith(".NamespaceNotFoundFailure")
        for detail in error.grpc_status.details
    )
