"""The two drivers side by side, without a server: one clock, one broker that keeps a list.

`TurnedPlans` does with turns what the workflow does with them; `EmbeddedPlans` is the real engine.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from temporalio.exceptions import ApplicationError

from orchestrator_dynamic.activities.plan_turn import PlanTurns
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.schema import MIGRATIONS
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.orchestrator import Receipt, Reply, Request
from orchestrator_dynamic.ports.plan_workflows import (
    Order,
    PlanMarks,
    Telling,
    Told,
    Turn,
    TurnReport,
    Wish,
)
from orchestrator_dynamic.ports.ticket_bus import Dispatch, Handover
from orchestrator_dynamic.ports.ticket_publisher import TicketPublisher
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime.engine import Engine, EngineLimits
from orchestrator_dynamic.runtime.intake import Intake
from orchestrator_dynamic.runtime.shared_orchestrator import SharedOrchestrator
from orchestrator_dynamic.runtime.shared_results import SharedResults
from orchestrator_dynamic.runtime.telling import Telling as Teller
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from orchestrator_dynamic.wire import told_text
from orchestrator_dynamic.wire.decision_reader import ReadLimits
from orchestrator_dynamic.workflows.request_rules import refuse_unless
from tests.support.temporal_faults import Faults, FaultyLedger, FaultyPublisher, RecordingPublisher
from tests.support.temporal_world import Parts, the_parts

# More than any turn here is lost, and more turns than follow from one thing.
TRIES_MAX = 60
TURNS_MAX = 100


def in_memory() -> sqlite3.Connection:
    """Return a file of a data directory that is in memory only."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for script in MIGRATIONS:
        connection.executescript(script)
    return connection


class Plans(Protocol):
    """What both drivers can do in a test; each call returns when all that follows has happened."""

    async def submit(self, message: bytes) -> Receipt:
        """Hand in a decision."""
        ...

    async def answer(self, results: Sequence[ExecutionResult]) -> None:
        """Bring answers, all at once."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Ask for something as an operator."""
        ...

    async def pass_time(self) -> None:
        """Let those hear of it whose moment has come."""
        ...

    @property
    def published(self) -> Sequence[tuple[TicketId, int]]:
        """What has left, in order."""
        ...

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what is recorded."""
        ...


# --- The workflow's way ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Course:
    order: Order
    inbox: list[str]
    report: TurnReport = field(default_factory=TurnReport)
    failed: bool = False

    @property
    def over(self) -> bool:
        return self.failed or self.report.outcome is not None


class TurnedWorkflows:
    """`PlanWorkflows` that take their turns at once, in this process, and again where one fails."""

    def __init__(self, turns: Callable[[], PlanTurns], clock: VirtualClock) -> None:
        self._turns = turns
        self._clock = clock
        self.courses: dict[str, _Course] = {}

    async def start(self, order: Order, marks: PlanMarks) -> None:
        """As the port says."""
        if order.workflow_id not in self.courses:
            self.courses[order.workflow_id] = _Course(order, list(order.told))
            await self._run(self.courses[order.workflow_id])

    async def tell(self, workflow_id: WorkflowId, told: tuple[Told, ...]) -> bool:
        """As the port says."""
        course = self.courses.get(workflow_id)
        if course is None or course.over:
            return False
        course.inbox.append(told_text.encode(told))
        await self._run(course)
        return True

    async def ask(self, request: Request, at: int) -> Reply:
        """As the port says."""
        course = self.courses.get(request.workflow_id)
        if course is None or course.over:
            return Reply(False, "it is not open")
        wish = Wish(by=request.by, reason=request.reason, tasks=request.tasks)
        try:
            refuse_unless(course.report, request.action, wish)
        except ApplicationError as refused:
            return Reply(False, refused.message)
        said = {"action": request.action, "by": wish.by, "reason": wish.reason}
        body = orjson.dumps({**said, "tasks": wish.tasks}).decode()
        told = Told(kind=Telling.REQUEST, at=at, body=body, name="asked")
        course.inbox.append(told_text.encode([told]))
        return Reply(*(await self._run(course))["asked"])

    async def report(self, workflow_id: WorkflowId) -> TurnReport | None:
        """As the port says."""
        course = self.courses.get(workflow_id)
        return course.report if course else None

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """As the port says, of those that have ended."""
        course = self.courses.get(workflow_id)
        return Outcome(course.report.outcome) if course and course.report.outcome else None

    async def pass_time(self) -> None:
        """Take the turns that are due."""
        for course in list(self.courses.values()):
            await self._run(course)

    async def _run(self, course: _Course) -> dict[str, tuple[bool, str]]:
        replies: dict[str, tuple[bool, str]] = {}
        for _ in range(TURNS_MAX):
            if course.failed or not (course.inbox or self._is_due(course)):
                return replies
            told, course.inbox = tuple(course.inbox), []
            turn = Turn(
                workflow=course.order.workflow,
                workflow_id=course.order.workflow_id,
                seq=course.report.seq,
                told=told,
            )
            try:
                course.report = await self.taken(turn)
            except ApplicationError:
                course.failed = True
            replies |= course.report.replies
        raise AssertionError(f"the alarm of {course.order.workflow_id} rings for ever")

    def _is_due(self, course: _Course) -> bool:
        alarm = course.report.alarm
        return alarm is not None and alarm <= self._clock.now_ms()

    async def taken(self, turn: Turn) -> TurnReport:
        """Take a turn, again where it is lost."""
        for _ in range(TRIES_MAX):
            try:
                return await self._turns().take_turn(turn)
            except Unavailable:
                continue
        raise AssertionError(f"{turn.workflow_id} makes no progress from its fact {turn.seq}")


class TurnedPlans:
    """Plans whose turns are taken as a workflow has them taken."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: VirtualClock,
        policy: Policy,
        faults: Faults | None = None,
        *,
        refused: Iterable[str] = (),
        forgetful: bool = False,
    ) -> None:
        """Begin with nothing.

        Args:
            faults: what is lost, and when.
            refused: tasks whose tickets the broker never takes.
            forgetful: whether each turn is taken by another process, which knows nothing.
        """
        self._connection = connection
        self._broker = RecordingPublisher(refused)
        self._faults = faults or Faults()
        self._clock = clock
        self._parts = self._new_parts()

        def turns() -> PlanTurns:
            if forgetful:
                self._parts = self._new_parts()
            return self._parts.turns

        parts = self._parts
        self.workflows = TurnedWorkflows(turns, clock)
        sound = SqliteSharedLedger(connection)
        results = SharedResults(sound, parts.places, Teller(self.workflows), clock, parts.tally)
        self._orchestrator = SharedOrchestrator(
            ledger=sound,
            workflows=self.workflows,
            results=results,
            intake=Intake(clock, ReadLimits(), PlanLimits(), policy),
            clock=clock,
            policy=policy,
            tally=parts.tally,
            offer=lambda workflow, new: self._parts.replicas.offer(workflow, new.execution),
        )

    def _new_parts(self) -> Parts:
        ledger = FaultyLedger(SqliteSharedLedger(self._connection), self._faults)
        publisher: TicketPublisher = FaultyPublisher(self._broker, self._faults)
        return the_parts(ledger, lambda queue: publisher, self._clock)

    async def submit(self, message: bytes) -> Receipt:
        """As the protocol says."""
        return await self._orchestrator.submit(message, source="test")

    async def answer(self, results: Sequence[ExecutionResult]) -> None:
        """As the protocol says."""
        await self._orchestrator.take_results(results)
        await self.pass_time()

    async def ask(self, request: Request) -> Reply:
        """As the protocol says."""
        reply = await self._orchestrator.request(request)
        await self.pass_time()
        return reply

    async def pass_time(self) -> None:
        """As the protocol says."""
        await self.workflows.pass_time()

    @property
    def published(self) -> Sequence[tuple[TicketId, int]]:
        """As the protocol says."""
        return self._broker.published

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """As the protocol says."""
        return self._connection.execute(query).fetchall()


# --- The engine's way -----------------------------------------------------------------------------


class _ListingBus:
    """A `TicketBus` that has everything at once, and keeps a list."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.published: list[tuple[TicketId, int]] = []
        self.on_handover: Callable[[Handover], None] = lambda handover: None

    def publish(self, dispatches: Sequence[Dispatch]) -> None:
        """As the port says."""
        for one in dispatches:
            self.published.append((one.ticket.ticket_id, one.attempt))
            self.on_handover(
                Handover(one.ticket.ticket_id, one.attempt, self._clock.now_ms(), None)
            )

    def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says: all of them are with workers."""
        return ()

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""


class EmbeddedPlans:
    """Plans in the real engine, from `embedded_plans`."""

    def __init__(self, engine: Engine, bus: _ListingBus, connection: sqlite3.Connection) -> None:
        self._engine = engine
        self._bus = bus
        self._connection = connection

    @property
    def alarm(self) -> int | None:
        """When time alone will change something about a plan."""
        alarms = [plan.execution.alarm for plan in self._engine.plans]
        return min((alarm for alarm in alarms if alarm is not None), default=None)

    @property
    def open(self) -> bool:
        """Whether there is a plan that has not ended."""
        return len(self._engine.plans) > 0

    async def submit(self, message: bytes) -> Receipt:
        """As the protocol says."""
        receipt = await self._engine.submit(message, source="test")
        await self.pass_time()
        return receipt

    async def answer(self, results: Sequence[ExecutionResult]) -> None:
        """As the protocol says."""
        await self._engine.take_results(results)
        await self.pass_time()

    async def ask(self, request: Request) -> Reply:
        """As the protocol says."""
        reply = await self._engine.request(request)
        await self.pass_time()
        return reply

    async def pass_time(self) -> None:
        """As the protocol says: until a turn and the one after it have brought nothing new."""
        quiet = 0
        while quiet < 2:
            changes = self._connection.total_changes
            await self._engine.take_results([])
            quiet = quiet + 1 if changes == self._connection.total_changes else 0

    @property
    def published(self) -> Sequence[tuple[TicketId, int]]:
        """As the protocol says."""
        return self._bus.published

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """As the protocol says."""
        return self._connection.execute(query).fetchall()


@asynccontextmanager
async def embedded_plans(clock: VirtualClock, policy: Policy) -> AsyncIterator[EmbeddedPlans]:
    """Run the engine over a broker that has everything at once."""
    with closing(in_memory()) as connection:
        bus = _ListingBus(clock)
        engine = Engine(
            ledger=SqliteLedger(connection),
            bus=bus,
            intake=Intake(clock, ReadLimits(), PlanLimits(), policy),
            clock=clock,
            chance=lambda: 0.5,
            policy=policy,
            topics=Topics(),
            metrics=Metrics(),
            limits=EngineLimits(handover_patience_s=0),
            tickets_outlive_us=True,
        )
        bus.on_handover = engine.mailbox.put_patiently
        await engine.recover(None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(engine.run())
            yield EmbeddedPlans(engine, bus, connection)
            engine.stop()
