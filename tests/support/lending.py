"""A desk that lends an engine's tickets, by a clock that a test turns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from orchestrator_dynamic.bootstrap.embedded import Application, application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.runtime.lease_keeping import EngineLeases
from orchestrator_dynamic.runtime.leases import Lease, LeaseDesk
from orchestrator_dynamic.sdk import Worker
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import PATIENCE_S
from tests.support.messages import a_result

# A second attempt follows at once.
AT_ONCE = {"RETRY_BACKOFF_INITIAL_MS": "1", "RETRY_BACKOFF_MAX_MS": "1"}
LEASE_S = 60


def a_profile(name: str = "w1", *kinds: TaskType, can: str = "") -> WorkerProfile:
    """Return a worker; `can` names its capabilities, with spaces between them."""
    return WorkerProfile(
        worker_id=name, task_types=frozenset(kinds), capabilities=frozenset(can.split())
    )


class Lending:
    """A desk over a running engine, asked as workers ask."""

    def __init__(self, app: Application) -> None:
        self.clock = VirtualClock()
        self.metrics = Metrics()
        self.desk = LeaseDesk(app.queue, EngineLeases(app.engine), self.clock, self.metrics)

    async def lend(
        self, name: str = "w1", most: int = 1, wait_s: float = PATIENCE_S
    ) -> list[Lease]:
        """Lend the best tickets to a worker that can do anything."""
        profile = a_profile(name)
        return await self.desk.lend(profile, most=most, wait_s=wait_s, lease_s=LEASE_S)

    def let_run_out(self) -> None:
        """Let the time of every lease pass that was not extended."""
        self.clock.advance(LEASE_S * 1000)
        self.desk.end_overdue()


@asynccontextmanager
async def an_engine_that_lends(
    directory: Path, *workers: Worker, **overrides: str
) -> AsyncIterator[Application]:
    """Run the engine on `directory` as the service does, with a desk of its own."""
    settings = load_settings({"DATA_DIR": str(directory), **AT_ONCE, **overrides}, None)
    async with (
        asyncio.timeout(PATIENCE_S),
        application(settings, workers=workers, command="a test", lends=True) as app,
    ):
        yield app


def an_answer(
    lease: Lease, *, status: str = "COMPLETED", agent: str | None = None
) -> ExecutionResult:
    """Return what the worker of `lease` says came of it."""
    return a_result(
        lease.dispatch.ticket.ticket_id,
        status=status,
        result={
            "success": status == "COMPLETED",
            "metadata": {"attempt": str(lease.dispatch.attempt)},
        },
        agent_id=agent or lease.worker_id,
    )
