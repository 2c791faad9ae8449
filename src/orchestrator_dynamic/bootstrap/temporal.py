"""Plans driven by a Temporal server: the roles of a process, together or apart."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite import lease
from orchestrator_dynamic.adapters.temporal.connection import TemporalClient, connected
from orchestrator_dynamic.adapters.temporal.plan_workflows import TemporalPlanWorkflows
from orchestrator_dynamic.adapters.temporal.search_attributes import ensure_search_attributes
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.bootstrap.broker import opened_broker
from orchestrator_dynamic.bootstrap.embedded import now_text
from orchestrator_dynamic.bootstrap.records import opened_store
from orchestrator_dynamic.bootstrap.shared_addresses import temporal_address
from orchestrator_dynamic.bootstrap.temporal_parts import (
    SharedRecords,
    TemporalParts,
    opened_cache,
    opened_ledger,
)
from orchestrator_dynamic.bootstrap.tracing import traced
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.consumption import Consumption
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.orchestrator import Reply, Request
from orchestrator_dynamic.ports.plan_workflows import Telling as Kind
from orchestrator_dynamic.ports.plan_workflows import Told
from orchestrator_dynamic.ports.store import Store
from orchestrator_dynamic.runtime.leases import LeaseDesk
from orchestrator_dynamic.runtime.patience import until_available
from orchestrator_dynamic.runtime.shared_orchestrator import SharedOrchestrator
from orchestrator_dynamic.runtime.step import Onlooker
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.workers.temporal_worker import temporal_worker


@dataclass(frozen=True, slots=True)
class SharedApplication:
    """What a process of the scale-out engine offers to those in it.

    Attributes:
        desk: lends tickets to workers elsewhere; None where that is not asked for, and where
            tickets go over the brokers.
    """

    orchestrator: SharedOrchestrator
    workflows: TemporalPlanWorkflows
    queue: TicketQueue
    store: Store
    metrics: Metrics
    desk: LeaseDesk | None = None


@asynccontextmanager
async def shared_application(
    settings: Settings,
    *,
    takes_turns: bool,
    streams: Collection[Stream] = (),
    workers: Sequence[Worker] = (),
    onlookers: Sequence[Onlooker] = (),
    lends: bool = False,
) -> AsyncIterator[SharedApplication]:
    """Run the wanted roles in this process, as long as the context is open.

    Any number of processes may have each role. On the way out nothing more is taken, and what is
    in hand becomes durable; what a process leaves behind, others take up.

    Args:
        takes_turns: whether plans go on here, as told by the Temporal server.
        streams: what is consumed from the brokers.
        workers: execute tickets here: without brokers the only ones that can.
        onlookers: are shown what each turn taken here has made durable.
        lends: whether workers elsewhere may take tickets on lease, without brokers between.

    Raises:
        Misconfigured: a server is missing or refuses us.
    """
    if streams and not settings.kafka.bootstrap_servers:
        raise Misconfigured("there is nothing to consume from; set KAFKA_BOOTSTRAP_SERVERS")
    async with AsyncExitStack() as opened:
        roles = await _roles(
            settings, takes_turns, streams, workers, onlookers, opened, lends=lends
        )
        consumption = roles.consumption
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(work) for work in roles.background]
            taking = None if consumption is None else tasks.create_task(consumption.run())
            yield roles.application
            if consumption is not None and taking is not None:
                consumption.stop()
                await taking
            for task in running:
                task.cancel()


@dataclass(frozen=True, slots=True)
class _Roles:
    """What runs in a process, ready to be started."""

    application: SharedApplication
    background: list[Coroutine[Any, Any, None]]
    consumption: Consumption | None


async def _roles(
    settings: Settings,
    takes_turns: bool,
    streams: Collection[Stream],
    workers: Sequence[Worker],
    onlookers: Sequence[Onlooker],
    opened: AsyncExitStack,
    *,
    lends: bool,
) -> _Roles:
    broker, metrics = None, Metrics()
    breakers = Breakers(metrics)
    onlookers = (*onlookers, *opened.enter_context(traced(settings, metrics)))
    if settings.kafka.bootstrap_servers:
        broker = await opened.enter_async_context(opened_broker(settings, breakers=breakers))
    elif takes_turns:
        # Tickets are queued in this process, so that no other may tell plans of its own workers.
        opened.enter_context(lease.held(settings.data_dir, "orq with Temporal", now_text()))
    ledger = await opened.enter_async_context(opened_ledger(settings, breakers))
    store = await opened.enter_async_context(opened_store(settings, breakers))
    cache = await opened.enter_async_context(opened_cache(settings, metrics))
    client = await _client(settings)
    workflows = TemporalPlanWorkflows(client, settings.temporal.task_queue)
    breakers.watch("temporal", workflows.standing)
    parts = TemporalParts(settings, ledger, workflows, broker, cache, metrics, onlookers)
    orchestrator = parts.orchestrator(workers, takes_turns=takes_turns, lends=lends)
    background = [] if parts.relay is None else [parts.relay.run()]
    desk: LeaseDesk | None = None
    if lends and (keeper := parts.leases(orchestrator)):
        ours = [worker.profile() for worker in workers]
        desk = LeaseDesk(parts.queue, keeper, SystemClock(), metrics, ours)
        background += [keeper.run(), desk.run()]
    for worker in workers:
        way = await parts.transport(worker, orchestrator, opened)
        background.append(run_worker(worker, way, clock=SystemClock()))
    if takes_turns or streams:
        namespace = settings.temporal.namespace
        known = partial(ensure_search_attributes, client, namespace)
        await until_available(known, "temporal_awaited")
    if takes_turns:
        queue, stop_s = settings.temporal.task_queue, settings.shutdown_timeout_s
        await opened.enter_async_context(temporal_worker(client, queue, parts.turns(), stop_s))
        if broker is None:
            await _tell_of_restart(ledger, workflows)
    consumption = None
    if broker is not None and streams:
        consuming = broker.consumption(orchestrator, metrics, streams)
        consumption = await opened.enter_async_context(consuming)
    application = SharedApplication(orchestrator, workflows, parts.queue, store, metrics, desk)
    return _Roles(application, background, consumption)


async def ask_workflow(settings: Settings, request: Request) -> Reply:
    """Have an operator's request carried out by the workflow that it is about."""
    workflows = TemporalPlanWorkflows(await _client(settings), settings.temporal.task_queue)
    return await workflows.ask(request, SystemClock().now_ms())


async def _client(settings: Settings) -> TemporalClient:
    address = temporal_address(settings)
    return await until_available(lambda: connected(address), "temporal_awaited")


async def _tell_of_restart(ledger: SharedRecords, workflows: TemporalPlanWorkflows) -> None:
    """Tell open plans that the workers they had here are gone, and their tickets with them."""
    gone = Told(kind=Kind.RESTARTED, at=SystemClock().now_ms())
    for _, workflow_id in await ledger.open_plans():
        await workflows.tell(WorkflowId(workflow_id), (gone,))
