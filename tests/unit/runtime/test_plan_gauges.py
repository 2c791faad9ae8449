"""Gauges of plans whose turns other processes take: what the store has is told."""

import asyncio
import math
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import Store, WorkflowPage
from orchestrator_dynamic.runtime.plan_gauges import PlanGauges
from tests.support.engines import a_message, an_engine, run_to_end, until
from tests.support.messages import a_task
from tests.support.metric_samples import samples, value

INVALID = a_message(a_task("a", dependencies=["a"]), decision_id="ended")


class PagedStore:
    """A store of which a page has one workflow, and which is away as often as it is told."""

    def __init__(self, store: Store, outages: int = 0) -> None:
        self.asked = 0
        self._store = store
        self._outages = outages

    async def workflows(
        self, wanted: WorkflowFilter, *, limit: int = 50, after: str | None = None
    ) -> WorkflowPage:
        """As the port says."""
        self.asked += 1
        if self.asked <= self._outages:
            raise Unavailable("no answer")
        return await self._store.workflows(wanted, limit=1, after=after)


async def test_they_are_those_of_the_engine_itself(tmp_path: Path) -> None:
    """Whoever has alerts on them need not know which engine runs."""
    metrics = Metrics()
    async with an_engine(tmp_path) as app:
        await app.engine.submit(a_message(risk_band="high"), source="test")
        await app.engine.submit(a_message(decision_id="other"), source="test")
        parked = a_message(decision_id="parked", requires_approval=True)
        await app.engine.submit(parked, source="test")
        await run_to_end(app, INVALID)
        store = PagedStore(app.store, outages=2)
        gauges = PlanGauges(store, metrics, SystemClock())  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(gauges.run(look_s=0))
            await until(lambda: store.asked > 10)
            looking.cancel()
        told, own = samples(metrics), samples(app.metrics)

    for name in ("orchestration_workflows_active", "orchestration_decisions_parked"):
        assert value(told, name) == value(own, name) > 0
    left = "orchestration_sla_remaining_seconds"
    for band in ("medium", "high"):
        assert value(told, left, risk_band=band) == pytest.approx(
            value(own, left, risk_band=band), abs=1
        )
    assert math.isnan(value(told, left, risk_band="critical")), "there is no such plan"
