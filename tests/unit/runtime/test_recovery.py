"""Folding a journal gives the plan that was live, whatever the settings say by then."""

from pathlib import Path

from orchestrator_dynamic.core.facts import DecisionAccepted
from orchestrator_dynamic.core.plan_execution import PlanExecution
from orchestrator_dynamic.core.plan_rules import examine
from orchestrator_dynamic.core.policy import PlanLimits, Policy
from orchestrator_dynamic.models.ids import WorkflowId
from tests.support.engines import a_message, a_worker, an_engine, rows, run_to_end
from tests.support.messages import NOON, a_decision, a_plan, a_task

# Which of `a` and `b` has the longer way to the end depends on what an unknown estimate counts for.
UNEVEN = (a_task("a"), a_task("b", estimated_duration_ms=90_000))


def order_under(policy: Policy, graph_from: Policy | None) -> list[int]:
    """Return the order of a plan accepted under `policy`, its graph drawn before or not."""
    decision = a_decision(a_plan(*UNEVEN))
    graph = None
    if graph_from is not None:
        graph = examine(decision, PlanLimits(), graph_from.ticket_timeout_min_ms).graph
    execution = PlanExecution(WorkflowId("orch-1"), decision, graph)
    execution.apply(DecisionAccepted(at=NOON, policy=policy))
    assert execution.state.graph is not None
    return execution.state.graph.order


def test_a_graph_drawn_under_another_assumption_is_drawn_again() -> None:
    """Compensations are numbered in this order; a restart must number them the same."""
    policy = Policy(ticket_timeout_min_ms=120_000)

    live = order_under(policy, graph_from=Policy())

    assert live == order_under(policy, graph_from=None) == [0, 1]
    assert order_under(Policy(), graph_from=None) == [1, 0]


async def test_a_plan_goes_on_under_the_numbers_it_began_with(tmp_path: Path) -> None:
    """A setting that changes between two starts must not change a promise half way."""
    async with an_engine(tmp_path, SLA_TICKET_MIN_TIMEOUT_MS="120000") as app:
        await app.engine.submit(a_message(a_task("a")), source="test")

    async with an_engine(tmp_path, a_worker(), SLA_TICKET_MIN_TIMEOUT_MS="60000") as app:
        [plan] = app.engine.plans
        kept = plan.state.policy.ticket_timeout_min_ms
        await app.engine.outcome_of(plan.state.workflow_id)
        await run_to_end(app, a_message(a_task("a"), decision_id="decision-2"))

    assert kept == 120_000
    timeouts = "SELECT timeout_ms FROM tickets ORDER BY key"
    assert rows(tmp_path, timeouts) == [(360_000,), (180_000,)]
