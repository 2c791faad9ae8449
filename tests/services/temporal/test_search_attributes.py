"""What a server on PostgreSQL knows of a namespace, which it hears from a cache."""

from uuid import uuid4

from orchestrator_dynamic.adapters.temporal.connection import TemporalAddress, connected
from orchestrator_dynamic.adapters.temporal.plan_workflows import TemporalPlanWorkflows
from orchestrator_dynamic.adapters.temporal.search_attributes import (
    ensure_search_attributes,
    missing_search_attributes,
)
from orchestrator_dynamic.ports.plan_workflows import Order, PlanMarks
from orchestrator_dynamic.ports.standing import BreakerState
from tests.support.servers.temporal import TemporalServer, made_namespace

MARKS = PlanMarks(intent_id="i", plan_id="p", decision_id="d", risk_band="low")


async def test_a_plan_can_begin_as_soon_as_a_namespace_is_ready(
    temporal_server: TemporalServer,
) -> None:
    """Nobody's first decision is refused because the server has not heard of our marks yet."""
    namespace = f"fresh-{uuid4().hex[:8]}"
    await made_namespace(temporal_server.address, namespace)
    address = TemporalAddress(target=temporal_server.address, namespace=namespace)
    client = await connected(address)
    assert await missing_search_attributes(client, namespace)

    await ensure_search_attributes(client, namespace)

    workflows = TemporalPlanWorkflows(client, "nobody-polls-this")
    await workflows.start(Order(workflow=1, workflow_id="orch-1"), MARKS)
    assert workflows.standing.state is BreakerState.CLOSED
