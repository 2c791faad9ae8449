"""What workflows can be looked up by, which their namespace must know before the first starts."""

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


async def missing_search_attributes(client: Client, namespace: str) -> tuple[str, ...]:
    """Return the names of those that `namespace` does not have.

    Raises:
        TemporalUnavailable: the server cannot be reached now.
        Misconfigured: it does not let us look.
    """
    with translated(f"looking at the search attributes of {namespace}"):
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace), timeout=CALL_TIMEOUT
        )
    names = (key.name for key in SEARCH_ATTRIBUTES)
    return tuple(name for name in names if name not in known.custom_attributes)


async def ensure_search_attributes(client: Client, namespace: str) -> None:
    """Register those that `namespace` does not have; another process may do so at the same time.

    Raises:
        TemporalUnavailable: the server cannot be reached now.
        Misconfigured: it does not let us; the message says which command does it.
    """
    missing = await missing_search_attributes(client, namespace)
    if not missing:
        return
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    request = AddSearchAttributesRequest(
        namespace=namespace, search_attributes=dict.fromkeys(missing, keyword)
    )
    with translated(f"registering search attributes in {namespace}"):
        try:
            await client.operator_service.add_search_attributes(request, timeout=CALL_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.ALREADY_EXISTS:
                return
            if error.status in (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED):
                flags = " ".join(f"--name {name} --type Keyword" for name in missing)
                command = f"temporal operator search-attribute create {flags} -n {namespace}"
                raise Misconfigured(
                    f"we may not register search attributes; run: {command}"
                ) from error
            raise
