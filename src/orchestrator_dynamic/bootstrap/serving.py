"""The HTTP service around an engine: one process, embedded or on a Temporal server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.api.app import create_app
from orchestrator_dynamic.api.parts import About, ApiLimits, ApiParts, PlanStates
from orchestrator_dynamic.bootstrap.embedded import Application, application
from orchestrator_dynamic.bootstrap.http_server import (
    HttpServer,
    address_of,
    listening_socket,
    make_room_for,
)
from orchestrator_dynamic.bootstrap.identity import opened_gatekeeper
from orchestrator_dynamic.bootstrap.plan_states import EmbeddedStates, FoldedStates
from orchestrator_dynamic.bootstrap.readiness import Readiness
from orchestrator_dynamic.bootstrap.records import note_requeue, sender_back
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.identity import Gatekeeper
from orchestrator_dynamic.ports.orchestrator import Incoming, Orchestrator, Receipt
from orchestrator_dynamic.ports.store import Store
from orchestrator_dynamic.runtime.feed import Feed
from orchestrator_dynamic.runtime.leases import LeaseDesk
from orchestrator_dynamic.runtime.plan_gauges import PlanGauges
from orchestrator_dynamic.runtime.rehearsal_report import rehearse_any, report_on
from orchestrator_dynamic.runtime.requeuing import requeued
from orchestrator_dynamic.runtime.store_watch import StoreWatch
from orchestrator_dynamic.sdk.worker import Worker


@dataclass(frozen=True, slots=True)
class Service:
    """A service that takes requests at `address`.

    Attributes:
        embedded: the engine of this process; None where a Temporal server keeps the plans.
    """

    address: str
    embedded: Application | None


@dataclass(frozen=True, slots=True)
class _Engine:
    """What a service needs of the engine that it is built around."""

    orchestrator: Orchestrator
    store: Store
    metrics: Metrics
    states: PlanStates
    name: str
    turns: Callable[[], Awaitable[None]]
    desk: LeaseDesk | None


@asynccontextmanager
async def service(
    settings: Settings,
    *,
    workers: Sequence[Worker] | None,
    command: str,
) -> AsyncIterator[Service]:
    """Take requests around the engine that `settings` name, as long as the context is open.

    On the way out no request is taken any more, streams end, those under way are answered, and
    then the engine makes durable what it has.

    Args:
        workers: execute tickets in this process; None where only others do.

    Raises:
        Misconfigured: the address is in use, or may not be listened on without identity.
        StorageFailed: a commit failed, so that the engine stopped.
    """
    feed = Feed()
    streams = tuple(Stream) if settings.kafka.bootstrap_servers else ()
    async with AsyncExitStack() as opened:
        door = await opened.enter_async_context(opened_gatekeeper(settings, settings.http.host))
        make_room_for(settings.http.streams_max)
        listening = listening_socket(settings.http.host, settings.http.port)
        address = address_of(opened.enter_context(closing(listening)))
        if settings.temporal.host is None:
            running = application(
                settings,
                workers=workers,
                command=f"{command} at {address}",
                streams=streams,
                onlookers=(feed.look,),
                lends=True,
            )
            app = await opened.enter_async_context(running)
            served = _served(settings, _of_embedded(app), feed, door, listening)
            await opened.enter_async_context(served)
            yield Service(address, app)
            return
        engine = await opened.enter_async_context(_shared(settings, workers or (), streams, feed))
        await opened.enter_async_context(_served(settings, engine, feed, door, listening))
        yield Service(address, None)


@asynccontextmanager
async def _shared(
    settings: Settings, workers: Sequence[Worker], streams: Sequence[Stream], feed: Feed
) -> AsyncIterator[_Engine]:
    """Run the roles of a process of the scale-out engine, and watch what the others do."""
    # Imported here, for its library takes longer than a small plan.
    from orchestrator_dynamic.bootstrap.temporal import shared_application

    heard = asyncio.Event()
    async with shared_application(
        settings,
        takes_turns=True,
        streams=streams,
        workers=workers,
        onlookers=(lambda step: heard.set(),),
        lends=True,
    ) as app:
        watch = StoreWatch(app.store, feed, heard)
        gauges = PlanGauges(app.store, app.metrics, SystemClock())
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(watch.run()), tasks.create_task(gauges.run())]
            states = FoldedStates(app.store)
            yield _Engine(
                app.orchestrator, app.store, app.metrics, states, "temporal", _no_turn, app.desk
            )
            for task in watching:
                task.cancel()


def _of_embedded(app: Application) -> _Engine:
    turns = partial(app.engine.take_results, ())
    states = EmbeddedStates(app.engine)
    return _Engine(app.engine, app.store, app.metrics, states, "embedded", turns, app.desk)


async def _no_turn() -> None:
    """Turns are taken as a server tells; whether it answers is looked at by itself."""


@asynccontextmanager
async def _served(
    settings: Settings,
    engine: _Engine,
    feed: Feed,
    gatekeeper: Gatekeeper,
    listening: socket.socket,
) -> AsyncIterator[None]:
    engine.metrics.tell_of_process()
    app = create_app(_parts(settings, engine, feed, gatekeeper))
    server = HttpServer(app, settings.http.body_timeout_s)
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(feed.run())
        serving = tasks.create_task(server.serve([listening]))
        await server.ready.wait()
        try:
            yield
        finally:
            feed.close()
            if engine.desk is not None:
                engine.desk.close()
            server.leave()
            await serving
            telling.cancel()


def _parts(settings: Settings, engine: _Engine, feed: Feed, gatekeeper: Gatekeeper) -> ApiParts:
    http, identity, clock = settings.http, settings.identity, SystemClock()
    policy = settings.policy()
    return ApiParts(
        orchestrator=engine.orchestrator,
        store=engine.store,
        states=engine.states,
        feed=feed,
        metrics=engine.metrics,
        gatekeeper=gatekeeper,
        clock=clock,
        limits=ApiLimits(
            body_bytes_max=http.body_max_bytes,
            body_timeout_s=http.body_timeout_s,
            streams_max=http.streams_max,
            local_names_only=not (identity.tokens_file or identity.oidc_issuer),
            submitter_may_approve=identity.submitter_may_approve,
        ),
        about=About(
            version=version("orchestrator-dynamic"),
            engine=engine.name,
            environment=settings.environment,
        ),
        checks=Readiness(settings, engine.turns).checks,
        rehearse=lambda data, headers: _report(settings, policy, data, headers, clock.now_ms()),
        requeue=partial(_requeued, settings, engine),
        desk=engine.desk,
    )


def _report(
    settings: Settings, policy: Policy, data: bytes, headers: Mapping[str, bytes], at: int
) -> dict[str, object]:
    rehearsal = rehearse_any(
        data,
        headers,
        plan_bytes_max=settings.plan.max_bytes,
        allow_direct_plans=settings.allow_direct_plans,
        plan_limits=settings.plan_limits(),
        policy=policy,
        at=at,
    )
    return report_on(rehearsal, policy, at)


async def _requeued(settings: Settings, engine: _Engine, letter_id: int, by: str) -> Receipt:
    async def hand_in(message: Incoming) -> Receipt:
        return await (await engine.orchestrator.hand_in(message))

    return await requeued(
        letter_id,
        store=engine.store,
        by=by,
        topic=settings.kafka.consensus_topic,
        hand_in=hand_in,
        send_back=sender_back(settings),
        note=partial(note_requeue, settings),
    )
