"""How open plans are now: in this process's memory, or folded from what is kept."""

import asyncio
from collections import OrderedDict

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.records import StoredPlan
from orchestrator_dynamic.ports.store import NotFound, Store
from orchestrator_dynamic.runtime.engine import Engine
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.recovery import folded

# Plans that people look at at the same time.
_KEPT_MAX = 20


class EmbeddedStates:
    """States of plans that the engine of this process has in memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def state_of(self, workflow_id: WorkflowId) -> ExecutionState | None:
        """Return the state of an open plan, to be read at once; None where it is not open."""
        plan = self._engine.plans.by_id(workflow_id)
        return None if plan is None else plan.state


class FoldedStates:
    """States of plans that other processes may drive, folded from their journals in a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[WorkflowId, tuple[int, ExecutionState]] = OrderedDict()

    async def state_of(self, workflow_id: WorkflowId) -> ExecutionState | None:
        """Return the state of an open plan; costs the length of its journal where it has moved."""
        try:
            workflow = await self._store.workflow_by_id(workflow_id)
        except NotFound:
            return None
        if workflow.outcome is not None or workflow.phase == HALTED:
            self._kept.pop(workflow_id, None)
            return None
        known = self._kept.get(workflow_id)
        if known is not None and known[0] == await self._store.last_seq(workflow):
            return known[1]
        stored = await self._store.stored_plan(workflow)
        state = await asyncio.to_thread(_state_in, stored)
        if state is not None and stored.facts:
            self._kept[workflow_id] = (stored.facts[-1].seq, state)
            while len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
        return state


def _state_in(stored: StoredPlan) -> ExecutionState | None:
    plan = folded(stored)
    return plan.state if isinstance(plan, OpenPlan) else None
