"""Plans in the memory of a process that shares them with others.

A replica saves reading and folding a journal for each turn. It is trusted only where it stands at
the very fact that the turn begins with; anything else is folded anew from what is kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.errors import InvalidInput, Misconfigured
from orchestrator_dynamic.ports.records import StoredPlan
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.recovery import Broken, folded
from orchestrator_dynamic.wire import fact_json

# Below this a thread costs more than it spares the others.
_IN_PLACE_BYTES_MAX = 128 * 1024
_IN_PLACE_FACTS_MAX = 500


class PlanReplicas:
    """Replicas of plans, those used last; `tickets_max` bounds how large they are together."""

    def __init__(self, ledger: SharedLedger, tickets_max: int = 300_000) -> None:
        self._ledger = ledger
        self._tickets_max = tickets_max
        self._kept: OrderedDict[str, OpenPlan] = OrderedDict()
        self._tickets = 0

    def offer(self, workflow: int, execution: PlanExecution) -> None:
        """Keep a plan that this process has just read and drawn, for its first turn."""
        self._keep(OpenPlan(workflow, execution))

    @asynccontextmanager
    async def borrowed(
        self, workflow_id: str, seq: int
    ) -> AsyncIterator[tuple[OpenPlan, tuple[facts.Fact, ...]]]:
        """Yield the plan as it is after its fact `seq`, and the facts that its journal has beyond.

        Nobody else has it meanwhile. Where the block raises, what it did to the plan is forgotten.

        Raises:
            Misconfigured: what is kept does not reach so far; this is another store, or an older
                copy of it.
            Unavailable: the store cannot be read now.
        """
        plan, beyond = self._take(workflow_id, seq), tuple[facts.Fact, ...]()
        if plan is None:
            plan, beyond = await self._loaded(workflow_id, seq)
        yield plan, beyond
        if plan.state.outcome is None and not plan.halted:
            self._keep(plan)

    def _take(self, workflow_id: str, seq: int) -> OpenPlan | None:
        plan = self._kept.pop(workflow_id, None)
        if plan is None:
            return None
        self._tickets -= _size(plan)
        return plan if plan.seq == seq else None

    def _keep(self, plan: OpenPlan) -> None:
        workflow_id = plan.state.workflow_id
        if (before := self._kept.pop(workflow_id, None)) is not None:
            self._tickets -= _size(before)
        self._kept[workflow_id] = plan
        self._tickets += _size(plan)
        while self._tickets > self._tickets_max and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._tickets -= _size(oldest)

    async def _loaded(self, workflow_id: str, seq: int) -> tuple[OpenPlan, tuple[facts.Fact, ...]]:
        stored = await self._ledger.plan(workflow_id)
        last = 0 if stored is None or not stored.facts else stored.facts[-1].seq
        if stored is None or last < seq:
            raise Misconfigured(
                f"the journal of {workflow_id} must reach its fact {seq}, and what is kept ends at "
                f"{last}: use the store that it was begun with"
            )
        if len(stored.decision) <= _IN_PLACE_BYTES_MAX and len(stored.facts) < _IN_PLACE_FACTS_MAX:
            return _read(stored, seq)
        return await asyncio.to_thread(_read, stored, seq)


def _read(stored: StoredPlan, seq: int) -> tuple[OpenPlan, tuple[facts.Fact, ...]]:
    known = [record for record in stored.facts if record.seq <= seq]
    beyond = [record for record in stored.facts if record.seq > seq]
    try:
        found = folded(stored._replace(facts=known))
    except InvalidInput as why:
        message = f"{stored.workflow_id} was taken in by a version that reads more than this one"
        raise Misconfigured(f"{message}: {why}") from why
    plan = found.plan if isinstance(found, Broken) else found
    plan.halted = isinstance(found, Broken)
    decoded = (fact_json.decode(one.kind, one.version, one.body) for one in beyond)
    return plan, tuple(decoded)


def _size(plan: OpenPlan) -> int:
    return max(len(plan.state.plan.tasks), 1)
