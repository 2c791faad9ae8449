"""After a restart: every open plan is folded from its journal, and what was out goes out again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import InvalidInput, InvariantViolation, Misconfigured
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.ports.ledger import Ledger
from orchestrator_dynamic.ports.records import StoredPlan
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.wire import fact_json
from orchestrator_dynamic.wire.decision_reader import ReadLimits, read_decision

log = get_logger(__name__)

# What we have written ourselves has been measured before; as kept, it is somewhat longer.
OURS = ReadLimits(plan_bytes_max=2**62)


@dataclass(frozen=True, slots=True)
class Broken:
    """A plan whose journal cannot be folded, as far as it could be, and the fact that broke it."""

    plan: OpenPlan
    why: InvariantViolation


def recovered(ledger: Ledger) -> Iterator[OpenPlan | Broken]:
    """Yield every open plan as it was when its last fact became durable."""
    for stored in ledger.open_plans():
        try:
            yield folded(stored)
        except (InvalidInput, Misconfigured) as why:
            # Left as it is, for a version that can read it; nobody else waits for that.
            said = str(why)
            log.error("plan_unreadable", workflow_id=stored.workflow_id, why=said)  # noqa: TRY400


def folded(stored: StoredPlan) -> OpenPlan | Broken:
    """Return a plan by folding its journal; the commands were carried out, or follow again.

    Raises:
        InvalidInput: its decision cannot be read by this version.
        Misconfigured: a newer version has written a fact of it.
    """
    decision = read_decision(stored.decision, limits=OURS).decision
    execution = PlanExecution(workflow_id_of(decision.decision_id), decision)
    plan = OpenPlan(stored.workflow, execution)
    try:
        for record in stored.facts:
            execution.apply(fact_json.decode(record.kind, record.version, record.body))
            plan.seq = record.seq
    except InvariantViolation as why:
        return Broken(plan, why)
    plan.recorded = len(plan.state.tickets)
    return plan


def facts_of_restart(
    plan: OpenPlan,
    workers: tuple[facts.WorkerSkills, ...] | None,
    at: int,
    *,
    outlived: bool = False,
    died: Collection[str] | None = None,
) -> Iterator[facts.Fact]:
    """Yield what a restart tells a plan: who can work now, and that what was out must go again.

    Args:
        outlived: whether a broker has what was handed over, and workers elsewhere go on with it.
            Without one they died with this process, so that nobody can answer for them.
        died: the workers that died with this process, where others may live on elsewhere; None
            where there were no others.
    """
    if workers != plan.state.supply.workers and (workers is not None or outlived):
        yield facts.WorkersChanged(at=at, workers=workers)
    out = plan.execution.attempts_in(Stage.PUBLISHING)
    if not outlived:
        tickets, running = plan.state.tickets, plan.execution.attempts_in(Stage.RUNNING)
        out += tuple([one for one in running if _lost(tickets[one[0]].agent, died)])
    if out:
        yield facts.TicketsReturned(at=at, tickets=out)


def _lost(agent: str | None, died: Collection[str] | None) -> bool:
    """Return whether nobody can answer for what `agent` had."""
    return died is None or agent is None or agent in died
