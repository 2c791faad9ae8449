"""The whole embedded engine for tests: real file, real queue, real workers, real time."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.bootstrap.embedded import Application, application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Receipt
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.messages import a_decision, a_plan, a_task

# Nothing here takes longer than a moment; a test that hangs must say where.
PATIENCE_S = 20

Work = Callable[[ExecutionTicket, TicketContext], Awaitable[dict[str, str] | None]]


@asynccontextmanager
async def an_engine(
    directory: Path, *workers: Worker, **overrides: str
) -> AsyncIterator[Application]:
    """Run the engine on `directory`; `overrides` are settings by their names."""
    settings = load_settings({"DATA_DIR": str(directory), **overrides}, None)
    async with (
        asyncio.timeout(PATIENCE_S),
        application(settings, workers=workers or None, command="a test") as app,
    ):
        yield app


def a_worker(work: Work | None = None, *, name: str = "worker", **options: object) -> Worker:
    """Return a worker that does `work` for any ticket; nothing, quickly, if not given."""
    capabilities = options.get("capabilities", ())
    worker = Worker(name, capabilities=capabilities, concurrency=8)  # type: ignore[arg-type]
    worker.handles()(work or _nothing)
    return worker


async def _nothing(ticket: ExecutionTicket, context: TicketContext) -> None:
    return None


def a_message(*tasks: TaskNode, decision_id: str = "decision-1", **plan: object) -> bytes:
    """Return a decision about `tasks` as a sender would write it; `plan` says more of its plan."""
    made = a_plan(*(tasks or (a_task(),)), plan_id=f"plan-of-{decision_id}", **plan)
    return to_json(a_decision(made, decision_id=decision_id))


def a_chain(*names: str) -> tuple[TaskNode, ...]:
    """Return tasks of which each depends on the one before it."""
    befores: Sequence[list[str]] = [[], *([name] for name in names)]
    return tuple(a_task(name, dependencies=befores[n]) for n, name in enumerate(names))


async def run_to_end(app: Application, message: bytes) -> Outcome | None:
    """Submit `message` and return how its plan ended."""
    receipt = await app.engine.submit(message, source="test")
    return await app.engine.outcome_of(workflow_of(receipt))


def workflow_of(receipt: Receipt) -> WorkflowId:
    """Return the workflow that a submission led to."""
    assert receipt.workflow_id is not None, receipt
    return receipt.workflow_id


def rows(directory: Path, query: str) -> list[tuple[object, ...]]:
    """Return what a person with the sqlite3 shell would see."""
    with closing(sqlite3.connect(directory / "orchestrator.sqlite3")) as connection:
        return connection.execute(query).fetchall()


def ask(directory: Path, action: str, workflow_id: str) -> None:
    """Ask the engine on `directory` for something, as another process does."""
    with closing(sqlite3.connect(directory / "orchestrator.sqlite3")) as connection:
        connection.execute(
            "INSERT INTO requests (at, workflow_id, action, actor) VALUES (1, ?, ?, 'ana')",
            (workflow_id, action),
        )
        connection.commit()


def now_ms() -> int:
    """Return the present moment, as the engine's own clock tells it."""
    return SystemClock().now_ms()


async def until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; the engine's own deadline ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - what is waited for is state, which sets no event.
        await asyncio.sleep(0)
