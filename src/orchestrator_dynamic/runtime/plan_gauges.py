"""How many plans are open and how near their deadlines are, where a server keeps them."""

import asyncio

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.vocabulary import RiskBand
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import PAGE_MAX, Store
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.tally import OpenOne, Tally

log = get_logger(__name__)

# As often as Prometheus asks, or oftener; a look costs as much as the list of open plans.
LOOK_S = 10.0

_PARKED = "AWAITING_APPROVAL"


class PlanGauges:
    """Looks at the store of all processes, so that each of them tells the same. Run it by `run`."""

    def __init__(self, store: Store, metrics: Metrics, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tally = Tally(metrics)
        self._open: list[OpenOne] = []
        metrics.before_fetch(self._refresh)

    async def run(self, look_s: float = LOOK_S) -> None:
        """Look until cancelled; while the store is away, what was seen last is told."""
        while True:
            try:
                self._open = await self._seen()
            except Unavailable as why:
                log.warning("counting_interrupted", why=str(why))
            await asyncio.sleep(look_s)

    async def _seen(self) -> list[OpenOne]:
        seen: list[OpenOne] = []
        wanted, after = WorkflowFilter(open_only=True), None
        while True:
            page = await self._store.workflows(wanted, limit=PAGE_MAX, after=after)
            seen += [
                OpenOne(plan.phase == _PARKED, RiskBand(plan.risk_band), plan.deadline_at)
                for plan in page.workflows
                if plan.phase != HALTED
            ]
            if page.next is None:
                return seen
            after = page.next

    def _refresh(self) -> None:
        self._tally.open_plans(self._open, self._clock.now_ms())
