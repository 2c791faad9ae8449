"""Plans that a Temporal server keeps going: a process of ours, whole, on a real server and file."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker as TemporalWorker

from orchestrator_dynamic.activities.plan_turn import PlanTurns
from orchestrator_dynamic.adapters.memory.cache import MemoryCache
from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.adapters.temporal.connection import TemporalAddress, connected
from orchestrator_dynamic.adapters.temporal.plan_workflows import TemporalPlanWorkflows
from orchestrator_dynamic.core.policy import PlanLimits, Policy, RetryPolicy
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.orchestrator import Action, Reply, Request
from orchestrator_dynamic.ports.plan_workflows import TurnReport
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.ports.ticket_publisher import TicketPublisher
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime.intake import Intake
from orchestrator_dynamic.runtime.plan_replicas import PlanReplicas
from orchestrator_dynamic.runtime.queue_publishing import QueuedTickets
from orchestrator_dynamic.runtime.shared_orchestrator import SharedOrchestrator
from orchestrator_dynamic.runtime.shared_results import SharedResults
from orchestrator_dynamic.runtime.tally import Tally
from orchestrator_dynamic.runtime.telling import Telling
from orchestrator_dynamic.runtime.ticket_places import TicketPlaces
from orchestrator_dynamic.sdk import Worker, run_worker
from orchestrator_dynamic.sdk.transport import Interrupt
from orchestrator_dynamic.wire.decision_reader import ReadLimits
from orchestrator_dynamic.workers.temporal_worker import temporal_worker
from tests.support.engines import a_message, workflow_of

PATIENCE_S = 30

# Retries follow at once, so that nothing here waits for longer than it has to.
HASTY = Policy(retry=RetryPolicy(wait_initial_ms=20, wait_max_ms=40))

WrapLedger = Callable[[SharedLedger], SharedLedger]
WrapPublisher = Callable[[TicketPublisher], TicketPublisher]


class QueueTransport:
    """A worker's way to the queue of its process, and of its answers to the orchestrator."""

    def __init__(self, orchestrator: SharedOrchestrator, queue: TicketQueue) -> None:
        self._orchestrator = orchestrator
        self._queue = queue

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """As the protocol says."""
        return await self._queue.take(profile)

    async def report(self, result: ExecutionResult) -> None:
        """As the protocol says."""
        await self._orchestrator.report(result)

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """As the protocol says."""
        await self._orchestrator.report(beat)
        return HeartbeatVerdict.GO_ON

    def watch(self, ticket: ExecutionTicket, interrupt: Interrupt) -> None:
        """As the protocol says."""
        self._queue.watch(ticket, interrupt)

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """As the protocol says."""
        self._queue.unwatch(ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one process, on one connection to the ledger."""

    ledger: SharedLedger
    publisher: TicketPublisher
    queue: TicketQueue
    places: TicketPlaces
    replicas: PlanReplicas
    turns: PlanTurns
    tally: Tally
    clock: Clock


async def _nobody_is_astray(results: Sequence[ExecutionResult]) -> None:
    raise AssertionError(f"no answer comes to the wrong plan here, but {results} did")


def the_parts(
    ledger: SharedLedger,
    publisher: Callable[[TicketQueue], TicketPublisher] = QueuedTickets,
    clock: Clock | None = None,
) -> Parts:
    """Put the parts of a process together that take turns; no server is needed for that."""
    time_teller = clock or SystemClock()
    queue = TicketQueue(time_teller)
    queue.on_handover = lambda handover: None
    places = TicketPlaces(ledger, MemoryCache(10_000, time.monotonic), 100_000)
    replicas = PlanReplicas(ledger)
    sends, tally = publisher(queue), Tally(Metrics())
    turns = PlanTurns(
        ledger=ledger,
        publisher=sends,
        places=places,
        replicas=replicas,
        clock=time_teller,
        topics=Topics(),
        tally=tally,
        on_messages=lambda: None,
        bring_home=_nobody_is_astray,
    )
    return Parts(
        ledger=ledger,
        publisher=sends,
        queue=queue,
        places=places,
        replicas=replicas,
        turns=turns,
        tally=tally,
        clock=time_teller,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of ours that runs, and verbs for what tests do with it."""

    directory: Path
    parts: Parts
    client: Client
    workflows: TemporalPlanWorkflows
    orchestrator: SharedOrchestrator
    worker: TemporalWorker | None

    async def begin(self, message: bytes) -> WorkflowId:
        """Submit `message` and return the workflow that it led to."""
        return workflow_of(await self.orchestrator.submit(message, source="test"))

    async def run_to_end(self, message: bytes) -> Outcome | None:
        """Submit `message` and return how its plan ended."""
        return await self.outcome_of(await self.begin(message))

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """Return how a plan ended, waiting for that."""
        return await self.orchestrator.outcome_of(workflow_id)

    async def ask(self, action: Action, workflow_id: WorkflowId, **more: object) -> Reply:
        """Ask for something as an operator called Ana."""
        wish = {"by": "ana", **more}
        request = Request(action=action, workflow_id=workflow_id, **wish)  # type: ignore[arg-type]
        return await self.orchestrator.request(request)

    async def report(self, workflow_id: WorkflowId) -> TurnReport:
        """Return where a plan is."""
        report = await self.workflows.report(workflow_id)
        assert report is not None, workflow_id
        return report

    async def until(
        self, workflow_id: WorkflowId, condition: Callable[[TurnReport], bool]
    ) -> TurnReport:
        """Return the first report that fulfils `condition`."""
        while not condition(report := await self.report(workflow_id)):  # noqa: ASYNC110 - see below.
            # A server tells no client of a workflow's progress.
            await asyncio.sleep(0.02)
        return report


@asynccontextmanager
async def a_process(
    directory: Path,
    address: TemporalAddress,
    *workers: Worker,
    policy: Policy = HASTY,
    wrap_ledger: WrapLedger = lambda ledger: ledger,
    publisher: Callable[[TicketQueue], TicketPublisher] = QueuedTickets,
    drives: bool = True,
    task_queue: str = "",
    patience_s: float = PATIENCE_S,
    clock: Clock | None = None,
) -> AsyncIterator[Process]:
    """Run a process on the shared file in `directory`, with its own task queue for the server.

    Args:
        drives: whether it carries out workflows, too; otherwise it only hands in and asks.
        task_queue: by default one that goes by the name of the directory.
    """
    name = task_queue or f"tests-{directory.parent.name}-{directory.name}"
    async with asyncio.timeout(patience_s):
        client = await connected(address)
        with closing(database.open_for_writing(directory)) as connection:
            parts = the_parts(wrap_ledger(SqliteSharedLedger(connection)), publisher, clock)
            process = _process(directory, parts, client, name, policy, drives=drives)
            async with asyncio.TaskGroup() as tasks:
                if process.worker is not None:
                    tasks.create_task(process.worker.run())
                transport = QueueTransport(process.orchestrator, parts.queue)
                lanes = [
                    tasks.create_task(run_worker(worker, transport, clock=parts.clock))
                    for worker in workers
                ]
                try:
                    yield process
                finally:
                    for lane in lanes:
                        lane.cancel()
                    if process.worker is not None:
                        await process.worker.shutdown()


def _process(
    directory: Path,
    parts: Parts,
    client: Client,
    task_queue: str,
    policy: Policy,
    *,
    drives: bool,
) -> Process:
    workflows = TemporalPlanWorkflows(client, task_queue)
    telling = Telling(workflows)
    intake = Intake(parts.clock, ReadLimits(), PlanLimits(), policy)
    results = SharedResults(parts.ledger, parts.places, telling, parts.clock, parts.tally)
    orchestrator = SharedOrchestrator(
        ledger=parts.ledger,
        workflows=workflows,
        results=results,
        intake=intake,
        clock=parts.clock,
        policy=policy,
        tally=parts.tally,
        offer=lambda workflow, new: parts.replicas.offer(workflow, new.execution),
    )
    return Process(
        directory=directory,
        parts=parts,
        client=client,
        workflows=workflows,
        orchestrator=orchestrator,
        worker=temporal_worker(client, task_queue, parts.turns, 2) if drives else None,
    )


async def finished(process: Process, workflow_ids: Sequence[WorkflowId]) -> list[Outcome | None]:
    """Return how these plans ended, waiting for all."""
    return list(await asyncio.gather(*(process.outcome_of(name) for name in workflow_ids)))


def a_new_message(*tasks: TaskNode, decision_id: str = "", **plan: object) -> bytes:
    """Return a decision that this server has never seen, about `tasks`."""
    return a_message(*tasks, decision_id=decision_id or uuid4().hex, **plan)
