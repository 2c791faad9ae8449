"""The embedded engine with parts that reach out, and those parts where a test can watch them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.schema import MIGRATIONS
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.ports.ticket_publisher import TicketPublisher
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime.engine import Engine, EngineLimits
from orchestrator_dynamic.runtime.in_process import InProcessTransport
from orchestrator_dynamic.runtime.intake import Intake
from orchestrator_dynamic.runtime.publishing_bus import PublishingBus
from orchestrator_dynamic.runtime.record_copy import RecordCopy
from orchestrator_dynamic.sdk import Worker, run_worker
from orchestrator_dynamic.wire.decision_reader import ReadLimits
from tests.support.temporal_faults import Faults, FaultyLedger

TOPICS = Topics(
    incidents="incidents",
    telemetry="telemetry",
    sla_alerts="alerts",
    sla_violations="violations",
    relayed=True,
)
PATIENCE_S = 20

# What both places hold of a plan; the copy also knows turns and digests, and gives numbers itself.
_TABLES = {
    "journal": "workflow, seq, at, kind, version, body",
    "decisions": "workflow, decision_id, content_hash, envelope, source, received_at, body",
    "workflows": "workflow, workflow_id, phase, paused, outcome, reason, completed, failed",
    "tickets": "key, ticket_id, task_id, stage, status, attempt, published_at, started_at, "
    "ended_at, agent, error, progress",
    "results": "workflow, ticket_id, attempt, at, status, fate, agent, error, payload",
    "audit": "at, workflow_id, action, actor, detail",
    "incidents": "incident_id, workflow_id, incident_type, body",
    "messages": "topic, key, value, created_at",
    "dead_letters": "at, reason, source, sha256, body, key, topic",
}


@dataclass(frozen=True, slots=True)
class Around:
    """An engine that runs, and what is around it."""

    engine: Engine
    ledger: SqliteLedger
    copy: RecordCopy | None
    bus: PublishingBus | None
    queue: TicketQueue
    metrics: Metrics


@asynccontextmanager
async def an_engine_around(
    directory: Path,
    *workers: Worker,
    store: SharedLedger | None = None,
    publisher: TicketPublisher | None = None,
    policy: Policy | None = None,
) -> AsyncIterator[Around]:
    """Run an engine on `directory` until the context ends; then all of it is lost at once."""
    policy, clock, metrics = policy or Policy(), SystemClock(), Metrics()
    with closing(database.open_for_writing(directory)) as connection:
        ledger, queue = SqliteLedger(connection), TicketQueue(clock)
        copy = None if store is None else RecordCopy(store, ledger.uncopied())
        bus = None if publisher is None else PublishingBus(publisher, clock)
        engine = Engine(
            ledger=ledger,
            bus=bus or queue,
            intake=Intake(clock, ReadLimits(), PlanLimits(), policy),
            clock=clock,
            chance=lambda: 0.5,
            policy=policy,
            topics=TOPICS,
            metrics=metrics,
            limits=EngineLimits(),
            copy=copy,
            tickets_outlive_us=bus is not None,
        )
        queue.on_handover = engine.mailbox.put_patiently
        if bus is not None:
            bus.on_handover, bus.on_refusal = engine.mailbox.put_patiently, engine.refused
        profiles = [worker.profile() for worker in workers] or None
        await engine.recover(None if bus else profiles)
        transport = InProcessTransport(engine, queue)
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
            parts = [engine.run(), *(part.run() for part in (copy, bus) if part is not None)]
            parts += [run_worker(worker, transport, clock=clock) for worker in workers]
            running = [tasks.create_task(part) for part in parts]
            yield Around(engine, ledger, copy, bus, queue, metrics)
            for task in running:
                task.cancel()


class ObservedLedger(FaultyLedger):
    """A `SharedLedger` that lists what has arrived, and can be away.

    Attributes:
        arrived: batches in the order in which they were kept for certain.
        faults: what happens to the next calls.
    """

    def __init__(self, inner: SharedLedger, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.arrived: list[Batch] = []
        super().__init__(inner, self.faults)

    async def commit(self, batch: Batch) -> None:
        """As the port says."""
        await super().commit(batch)
        self.arrived.append(batch)


class ListedSink:
    """A broker in a list, which refuses what it is told to, and can be away.

    Attributes:
        sent: what it has, in order.
        faults: raised by the next calls, one each.
        away: raised by all calls.
    """

    def __init__(self, *faults: OrchestratorError) -> None:
        self.sent: list[Outgoing] = []
        self.faults = list(faults)
        self.away: OrchestratorError | None = None
        self.calls = 0

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """As the port says."""
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        if self.away:
            raise self.away
        self.sent += messages

    def on(self, topic: str) -> list[Outgoing]:
        """Return what is on one topic."""
        return [message for message in self.sent if message.topic == topic]


@contextmanager
def a_place_in_memory() -> Iterator[tuple[SqliteSharedLedger, sqlite3.Connection]]:
    """Yield a shared ledger that costs no disk, and what its tables can be read by."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with closing(connection):
        for script in MIGRATIONS:
            connection.executescript(script)
        yield SqliteSharedLedger(connection), connection


def records_of(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that is recorded, in an order that says nothing."""
    return {
        table: sorted(connection.execute(f"SELECT {fields} FROM {table}"), key=repr)
        for table, fields in _TABLES.items()
    }


def records_in(directory: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that is recorded in a data directory."""
    with closing(database.open_for_reading(directory)) as connection:
        connection.row_factory = None
        return records_of(connection)


async def until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds, or fail."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for is state, which sets no event.
            await asyncio.sleep(0.001)


def number_of(metrics: Metrics, line: str) -> float:
    """Return the value of the metric that is called `line`, labels included."""
    text = metrics.render().decode()
    return float(next(row.rpartition(" ")[2] for row in text.splitlines() if row.startswith(line)))
