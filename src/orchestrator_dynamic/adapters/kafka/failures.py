"""What the library's failures ask of us."""

import asyncio
import ssl

from aiokafka import errors as kafka  # type: ignore[import-untyped]
from aiokafka.conn import create_conn  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions, login_arguments
from orchestrator_dynamic.errors import Misconfigured, OrchestratorError
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable

# Whatever is tried again under these meets them again, until a person has done something.
_OPERATORS_FAULT = (
    kafka.AuthenticationFailedError,
    kafka.AuthenticationMethodNotSupported,
    kafka.ClusterAuthorizationFailedError,
    kafka.GroupAuthorizationFailedError,
    kafka.IllegalSaslStateError,
    kafka.IncompatibleBrokerVersion,
    kafka.InconsistentGroupProtocolError,
    kafka.InvalidGroupIdError,
    kafka.InvalidReplicationFactorError,
    kafka.InvalidSessionTimeoutError,
    kafka.KafkaConfigurationError,
    kafka.PolicyViolationError,
    kafka.SaslAuthenticationFailed,
    kafka.SecurityDisabled,
    kafka.TopicAuthorizationFailedError,
    kafka.UnsupportedSaslMechanismError,
    kafka.UnsupportedVersionError,
)

_TOO_LARGE = (
    kafka.MessageSizeTooLargeError,
    kafka.RecordListTooLargeError,
)

_DIAGNOSIS_S = 5.0


def translated(error: BaseException, doing: str) -> OrchestratorError:
    """Return the error of ours that asks for what `error` asks for; anything vague may pass."""
    problem = f"{doing}: {_words(error)}"
    if isinstance(error, _OPERATORS_FAULT) or _untrusted(error):
        return Misconfigured(problem)
    return BrokerUnavailable(problem)


def is_too_large(error: BaseException) -> bool:
    """Tell whether a broker will never take the message, for its size."""
    return isinstance(error, _TOO_LARGE)


async def unreachable(options: KafkaOptions, error: BaseException, doing: str) -> OrchestratorError:
    """Return what it means that no server could be used.

    The library reports a wrong password like a server that is down, so we knock once ourselves.
    """
    meaning = translated(error, doing)
    if isinstance(meaning, Misconfigured):
        return meaning
    told = ""
    for server in options.bootstrap_servers:
        found = await _knock(options, server)
        if found is None:
            continue
        if isinstance(refusal := translated(found, doing), Misconfigured):
            return refusal
        told = f"; {server} said {_words(found)}"
    # A server that does not speak TLS hangs up on us as one does that is ending.
    return BrokerUnavailable(f"{doing}: {options.address} cannot be reached{told}")


async def _knock(options: KafkaOptions, server: str) -> Exception | None:
    host, _, port = server.rpartition(":")
    try:
        async with asyncio.timeout(_DIAGNOSIS_S):
            connection = await create_conn(
                host.strip("[]"),
                int(port),
                client_id=options.client_id,
                request_timeout_ms=int(_DIAGNOSIS_S * 1000),
                **login_arguments(options),
            )
    except (OSError, kafka.KafkaError) as error:
        return error
    connection.close()
    return None


def _untrusted(error: BaseException) -> bool:
    """Tell whether the two sides do not agree on who they are, or on speaking TLS at all."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return True
    return isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER"


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text}".rstrip()[:300]
