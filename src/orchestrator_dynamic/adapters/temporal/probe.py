"""Whether a Temporal server is fit for us: reach, version, namespace, marks, and its workers."""

from collections.abc import AsyncIterator

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    GetSystemInfoRequest,
)
from temporalio.client import Client

from orchestrator_dynamic.adapters.temporal.connection import (
    CALL_TIMEOUT,
    TemporalAddress,
    connected,
    translated,
)
from orchestrator_dynamic.adapters.temporal.search_attributes import (
    missing_search_attributes,
    remedy_for,
)
from orchestrator_dynamic.errors import OrchestratorError, Unavailable
from orchestrator_dynamic.ports.probing import Check, ok, problem, warning

# Before it, updates are no part of what a server has by default.
VERSION_MIN = (1, 25)

# A plan that ends on a Friday should still be there for whoever looks on Monday.
RETENTION_MIN_S = 3 * 24 * 60 * 60

_REACH_REMEDY = "see that it runs, and that TEMPORAL_HOST and TEMPORAL_PORT name it"
_REFUSAL_REMEDY = "see TEMPORAL_NAMESPACE and TEMPORAL_TLS_ENABLED, and what its server permits"


async def probe(address: TemporalAddress, task_queue: str) -> list[Check]:
    """Return what there is to say about a server; calling changes nothing there."""
    return [check async for check in _checks(address, task_queue)]


async def _checks(address: TemporalAddress, task_queue: str) -> AsyncIterator[Check]:
    name = "temporal server"
    try:
        client = await connected(address)
        yield await _version(client, address)
        name = "temporal namespace"
        yield await _namespace(client, address.namespace)
        name = "temporal search attributes"
        yield await _marks(client, address.namespace)
        name = "temporal workers"
        yield await _pollers(client, address.namespace, task_queue)
    except Unavailable as error:
        yield problem(name, str(error), _REACH_REMEDY)
    except OrchestratorError as error:
        yield problem(name, str(error), _REFUSAL_REMEDY)


async def _version(client: Client, address: TemporalAddress) -> Check:
    with translated(f"asking {address.target} for its version"):
        about = await client.workflow_service.get_system_info(
            GetSystemInfoRequest(), timeout=CALL_TIMEOUT
        )
    version, finding = about.server_version, f"{about.server_version} at {address.target}"
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if len(parts) == 2 and parts < VERSION_MIN:
        wanted = ".".join(map(str, VERSION_MIN))
        return warning("temporal server", finding, f"use version {wanted} or newer")
    return ok("temporal server", finding)


async def _namespace(client: Client, namespace: str) -> Check:
    name = "temporal namespace"
    with translated(f"looking at the namespace {namespace}"):
        about = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace), timeout=CALL_TIMEOUT
        )
    kept_s = about.config.workflow_execution_retention_ttl.seconds
    finding = f"{namespace} keeps what has ended for {kept_s / 86_400:.3g} days"
    if kept_s < RETENTION_MIN_S:
        command = f"temporal operator namespace update --retention 72h {namespace}"
        return warning(name, finding, f"keep it for longer: {command}")
    return ok(name, finding)


async def _marks(client: Client, namespace: str) -> Check:
    name = "temporal search attributes"
    missing = await missing_search_attributes(client, namespace)
    if missing:
        finding = f"{namespace} does not know {', '.join(missing)}"
        return problem(name, finding, f"run: {remedy_for(missing, namespace)}")
    return ok(name, f"{namespace} knows all that plans are marked with")


async def _pollers(client: Client, namespace: str, task_queue: str) -> Check:
    name = "temporal workers"
    with translated(f"looking at the task queue {task_queue}"):
        about = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            ),
            timeout=CALL_TIMEOUT,
        )
    count = len(about.pollers)
    if not count:
        finding = f"nobody polls {task_queue}: plans wait"
        return warning(name, finding, "start an orchestrator, or see TEMPORAL_TASK_QUEUE")
    who = sorted({poller.identity for poller in about.pollers})
    return ok(name, f"{count} poll {task_queue}: {', '.join(who[:5])}")
