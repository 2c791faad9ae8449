"""From settings to a running application: the only place that names an adapter."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite import database, lease
from orchestrator_dynamic.adapters.sqlite.floor import run_floor
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.core.policy import PlanLimits
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.ledger import Ledger
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
    since = datetime.now(UTC).isoformat(timespec="seconds")
    with (
        lease.held(settings.data_dir, command, since),
        closing(database.open_for_writing(settings.data_dir)) as connection,
    ):
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
            yield Application(engine, ledger, metrics, recovered)
            for lane in lanes:
                lane.cancel()
            engine.stop()
            async with asyncio.timeout(settings.shutdown_timeout_s):
                await running


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
    plan_limits = PlanLimits(
        tasks_max=plan.tasks_max,
        dependencies_max=plan.dependencies_max,
        text_bytes_max=plan.text_max_bytes,
    )
    return Engine(
        ledger=ledger,
        bus=queue,
        intake=Intake(clock, read_limits, plan_limits),
        clock=clock,
        chance=random.random,
        policy=settings.policy(),
        topics=Topics(incidents=kafka.incidents_topic, telemetry=kafka.telemetry_topic),
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
