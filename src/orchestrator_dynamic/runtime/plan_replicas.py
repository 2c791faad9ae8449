"""Plans in the memory of a process that shares them with others.

A replica saves reading and folding a journal for each turn. It is trusted only where it stands at
the very fact that the turn begins with; anything else is folded anew from what is kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.errors import InvalidInput, InvariantViolation, Misconfigured
from orchestrator_dynamic.ports.records import FactRecord, StoredPlan
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.recovery import Broken, folded
from orchestrator_dynamic.wire import fact_json

# Below this a thread costs more than it spares the others.
_IN_PLACE_BYTES_MAX = 128 * 1024
_IN_PLACE_FACTS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A plan as it is after a fact of its journal.

    Attributes:
        beyond: the facts that its journal has after that one, as they are kept and as they are.
        broken: why its journal cannot be folded, or not be read; None where it can.
    """

    plan: OpenPlan
    beyond: tuple[tuple[FactRecord, facts.Fact], ...] = ()
    broken: InvariantViolation | None = None


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
    async def borrowed(self, workflow_id: str, seq: int) -> AsyncIterator[Replica]:
        """Yield the plan as it is after its fact `seq`, and the facts that its journal has beyond.

        Nobody else has it meanwhile. Where the block raises, what it did to the plan is forgotten.

        Raises:
            Misconfigured: what is kept does not reach so far; this is another store, or an older
                copy of it.
            Unavailable: the store cannot be read now.
        """
        plan = self._take(workflow_id, seq)
        replica = await self._loaded(workflow_id, seq) if plan is None else Replica(plan=plan)
        yield replica
        if replica.plan.state.outcome is None and not replica.plan.halted:
            self._keep(replica.plan)

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

    async def _loaded(self, workflow_id: str, seq: int) -> Replica:
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


def _read(stored: StoredPlan, seq: int) -> Replica:
    known = [record for record in stored.facts if record.seq <= seq]
    beyond = [record for record in stored.facts if record.seq > seq]
    try:
        found = folded(stored._replace(facts=known))
    except InvalidInput as why:
        message = f"{stored.workflow_id} was taken in by a version that reads more than this one"
        raise Misconfigured(f"{message}: {why}") from why
    if isinstance(found, Broken):
        return Replica(plan=found.plan, broken=found.why)
    try:
        told = [(one, fact_json.decode(one.kind, one.version, one.body)) for one in beyond]
    except InvariantViolation as why:
        return Replica(plan=found, broken=why)
    return Replica(plan=found, beyond=tuple(told))


def _size(plan: OpenPlan) -> int:
    return max(len(plan.state.plan.tasks), 1)
