"""The search attributes that plans are marked with, which a namespace must know beforehand."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from orchestrator_dynamic.adapters.temporal.connection import CALL_TIMEOUT, translated
from orchestrator_dynamic.adapters.temporal.plan_workflows import SEARCH_ATTRIBUTES
from orchestrator_dynamic.errors import Misconfigured

_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
_NOT_OURS_TO_DO = (
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.UNIMPLEMENTED,
)

# A server keeps what a namespace knows in a cache that it renews every few seconds.
_KNOWN_WITHIN_S = 30.0
_LOOK_S = 0.25


async def ensure_search_attributes(client: Client, namespace: str) -> tuple[str, ...]:
    """Register what `namespace` does not know yet, and return the names of that.

    Any number of processes may do this at once, and again. It returns when the server lets
    plans be marked, or after 30 s: a plan that begins before is refused, and tried again.

    Raises:
        TemporalUnavailable: the server cannot be reached now.
        Misconfigured: we may not, or a name is taken by another type; the message has a command.
    """
    missing = await missing_search_attributes(client, namespace)
    registered = missing if missing and await _registered(client, namespace, missing) else ()
    await _until_known(client)
    return registered


async def _registered(client: Client, namespace: str, missing: tuple[str, ...]) -> bool:
    """Return whether it was us, and nobody quicker, who registered them."""
    wanted = AddSearchAttributesRequest(
        namespace=namespace, search_attributes=dict.fromkeys(missing, _KEYWORD)
    )
    with translated(f"registering search attributes in {namespace}"):
        try:
            await client.operator_service.add_search_attributes(wanted, timeout=CALL_TIMEOUT)
        except RPCError as error:
            # Another process was quicker.
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                return False
            if error.status in _NOT_OURS_TO_DO:
                raise Misconfigured(
                    f"registering search attributes: {error.message}; run: "
                    + remedy_for(missing, namespace)
                ) from error
            raise
    return True


async def _until_known(client: Client) -> None:
    """Ask for plans by our attributes until the server knows them, or is of no help with that."""
    query = " AND ".join(f"{key.name} = 'none'" for key in SEARCH_ATTRIBUTES)
    with suppress(TimeoutError):
        async with asyncio.timeout(_KNOWN_WITHIN_S):
            while True:
                try:
                    await client.count_workflows(query, rpc_timeout=CALL_TIMEOUT)
                except RPCError as error:
                    if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                        return
                    await asyncio.sleep(_LOOK_S)
                else:
                    return


async def missing_search_attributes(client: Client, namespace: str) -> tuple[str, ...]:
    """Return which of ours a namespace does not know, in our order.

    Raises:
        TemporalUnavailable: the server cannot be reached now.
        Misconfigured: we may not ask, there is no such namespace, or a name has another type.
    """
    request = ListSearchAttributesRequest(namespace=namespace)
    with translated(f"listing the search attributes of {namespace}"):
        answer = await client.operator_service.list_search_attributes(request, timeout=CALL_TIMEOUT)
    known: Mapping[str, IndexedValueType.ValueType] = answer.custom_attributes
    names = [key.name for key in SEARCH_ATTRIBUTES]
    if other := [name for name in names if known.get(name, _KEYWORD) != _KEYWORD]:
        which = ", ".join(other)
        removal = f"search-attribute remove --namespace {namespace} --name {other[0]}"
        raise Misconfigured(
            f"{which} of the namespace {namespace} must be of type Keyword; where nobody else "
            f"needs it as it is, run: temporal operator {removal}"
        )
    return tuple(name for name in names if name not in known)


def remedy_for(missing: tuple[str, ...], namespace: str) -> str:
    """Return the command that registers these search attributes."""
    named = " ".join(f"--name {name} --type Keyword" for name in missing)
    return f"temporal operator search-attribute create --namespace {namespace} {named}"
