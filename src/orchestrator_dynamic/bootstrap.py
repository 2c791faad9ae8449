"""From settings to a running application: the only place that names an adapter."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite import database, lease
from orchestrator_dynamic.adapters.sqlite.beside import opened_beside_engine
from orchestrator_dynamic.adapters.sqlite.floor import run_floor
from orchestrator_dynamic.adapters.sqlite.inspection import inspect
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.requests import OperatorDesk
from orchestrator_dynamic.adapters.sqlite.retention import SqliteRetention
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured, Refused
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.inspection import Inspection
from orchestrator_dynamic.ports.ledger import Ledger
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception, Reply, Request
from orchestrator_dynamic.ports.retention import Pruned
from orchestrator_dynamic.ports.store import Store
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime.engine import Engine, EngineLimits
from orchestrator_dynamic.runtime.in_process import InProcessTransport
from orchestrator_dynamic.runtime.intake import Intake
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.wire.decision_reader import ReadLimits

__all__ = ["Application", "application", "refuse_missing_parts", "run_floor"]


@dataclass(frozen=True, slots=True)
class Application:
    """An engine that runs, and what belongs to it. `recovered` plans were taken up at the start."""

    engine: Engine
    ledger: Ledger
    store: Store
    metrics: Metrics
    recovered: int


@asynccontextmanager
async def application(
    settings: Settings, *, workers: Sequence[Worker] | None, command: str
) -> AsyncIterator[Application]:
    """Run the embedded engine with `workers` in this process, as long as the context is open.

    On the way out it takes nothing more, makes durable what it has, and closes; an error inside
    ends it at once, which a restart with the same data directory mends.

    Args:
        workers: None where tickets shall only be queued, and nobody is missed.
        command: what holds the lease, to be told to whoever wants it too.

    Raises:
        Misconfigured: the data directory cannot be used or is in use, or a part is set that
            this program does not have.
        StorageFailed: a commit failed, so that the engine stopped.
    """
    refuse_missing_parts(settings)
    async with AsyncExitStack() as opened:
        opened.enter_context(lease.held(settings.data_dir, command, _now()))
        writing = closing(database.open_for_writing(settings.data_dir))
        connection = opened.enter_context(writing)
        store = await opened.enter_async_context(opened_store(settings))
        ledger, metrics, clock = SqliteLedger(connection), Metrics(), SystemClock()
        queue = TicketQueue(clock)
        engine = _engine(settings, ledger, queue, clock, metrics)
        queue.on_handover = engine.mailbox.put_patiently
        profiles = None if workers is None else [worker.profile() for worker in workers]
        recovered = await engine.recover(profiles)
        transport = InProcessTransport(engine, queue)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(engine.run())
            lanes = [
                tasks.create_task(run_worker(worker, transport, clock=clock))
                for worker in workers or ()
            ]
            yield Application(engine, ledger, store, metrics, recovered)
            for lane in lanes:
                lane.cancel()
            engine.stop()
            async with asyncio.timeout(settings.shutdown_timeout_s):
                await running


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _engine(
    settings: Settings,
    ledger: Ledger,
    queue: TicketQueue,
    clock: SystemClock,
    metrics: Metrics,
) -> Engine:
    plan, kafka = settings.plan, settings.kafka
    read_limits = ReadLimits(
        plan_bytes_max=plan.max_bytes, allow_direct_plans=settings.allow_direct_plans
    )
    return Engine(
        ledger=ledger,
        bus=queue,
        intake=Intake(clock, read_limits, settings.plan_limits(), settings.policy()),
        clock=clock,
        chance=random.random,
        policy=settings.policy(),
        topics=Topics(
            incidents=kafka.incidents_topic,
            telemetry=kafka.telemetry_topic,
            sla_alerts=kafka.sla_alerts_topic,
            sla_violations=kafka.sla_violations_topic,
        ),
        metrics=metrics,
        limits=EngineLimits(
            mailbox_capacity=settings.mailbox_capacity,
            commit_batch_max=settings.commit_batch_max,
        ),
    )


def refuse_missing_parts(settings: Settings) -> None:
    """Make sure that no part is set which this version does not have; running without is no answer.

    Raises:
        Misconfigured: names every such setting.
    """
    wanted = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "TEMPORAL_HOST": settings.temporal.host,
        "MONGODB_URI": settings.mongodb.uri,
        "REDIS_CLUSTER_NODES": settings.redis.cluster_nodes,
        "SCHEMA_REGISTRY_URL": settings.schema_registry.url,
        "OTEL_EXPORTER_ENDPOINT": settings.otel_exporter_endpoint,
    }
    if missing := [name for name, value in wanted.items() if value]:
        names = ", ".join(missing)
        raise Misconfigured(f"this version runs embedded only; unset {names}")


# --- Beside an engine, or without one -------------------------------------------------------------


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[Store]:
    """Read what has been recorded, as long as the context is open; an engine may run meanwhile.

    Raises:
        Misconfigured: there is no such data directory, or another version has written it.
    """
    with closing(database.open_for_reading(settings.data_dir)) as connection:
        yield SqliteStore(connection)


def lease_holder(settings: Settings) -> str | None:
    """Return who runs an engine on the data directory now, for people; None where nobody does."""
    holder = lease.holder_of(settings.data_dir)
    return None if holder is None else str(holder)


async def ask_engine(
    settings: Settings, request: Request, *, command: str, patience_s: float
) -> Reply | None:
    """Have `request` carried out, by the engine that runs or by one for this moment.

    Returns:
        The reply, or None where an engine runs that did not answer in time; the request is then
        withdrawn.

    Raises:
        Misconfigured: the data directory cannot be used.
        StorageFailed: the request could not be written.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s
    while True:
        if lease_holder(settings) is None:
            # Somebody may have been quicker: then there is an engine to ask.
            with suppress(lease.LeaseHeld):
                async with application(settings, workers=None, command=command) as app:
                    return await app.engine.request(request)
        with opened_beside_engine(settings.data_dir, _now()) as connection:
            reply = await OperatorDesk(connection, SystemClock()).ask(
                request, give_up_at - loop.time(), lambda: lease_holder(settings) is not None
            )
        if reply is not None or loop.time() >= give_up_at:
            return reply


async def requeue(settings: Settings, letter_id: int) -> Receipt:
    """Hand in a dead letter again, byte for byte, and note on it what became of it.

    Raises:
        NotFound: there is none with this number.
        Refused: it cannot be handed in again; the message says why.
        Misconfigured: another process runs an engine on the data directory; the message names it.
    """
    async with opened_store(settings) as store:
        letter, body = await store.dead_letter(letter_id)
    if letter.truncated:
        kept = f"only {letter.kept:,} of its {letter.size:,} bytes are kept"
        raise Refused(f"dead letter {letter_id} cannot be requeued: {kept}; ask its sender")
    if letter.requeue_outcome not in (None, Reception.DEAD_LETTER):
        raise Refused(f"dead letter {letter_id} has been requeued: {letter.requeue_outcome}")
    headers = {name: value.encode("latin-1") for name, value in letter.headers.items()}
    async with application(settings, workers=None, command="orq dead-letters") as app:
        source = f"dead letter {letter_id} ({letter.source})"
        receipt = await app.engine.submit(body, headers, source=source)
        with opened_beside_engine(settings.data_dir, _now()) as connection:
            OperatorDesk(connection, SystemClock()).record_requeue(letter_id, receipt.reception)
    return receipt


async def prune(settings: Settings, before: int) -> Pruned:
    """Delete what ended before this moment (epoch ms), in short transactions; an engine goes on.

    Raises:
        Misconfigured: there is no such data directory.
        StorageFailed: a commit failed; the same again goes on from there.
    """
    with opened_beside_engine(settings.data_dir, _now()) as connection:
        return await SqliteRetention(connection, SystemClock()).prune(before)


def prunable(settings: Settings, before: int) -> Pruned:
    """Return what `prune` would delete now, and change nothing.

    Raises:
        Misconfigured: there is no such data directory.
    """
    with closing(database.open_for_reading(settings.data_dir)) as connection:
        return SqliteRetention(connection, SystemClock()).prunable(before)


def inspect_data(settings: Settings) -> Inspection:
    """Return the state of what is recorded, however bad it is; reads all of it."""
    return inspect(settings.data_dir)
