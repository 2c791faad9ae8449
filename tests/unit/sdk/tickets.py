"""Tickets that say only what a test is about."""

from collections.abc import Mapping

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket, QoS, Sla
from orchestrator_dynamic.models.ids import DecisionId, IntentId, PlanId, TaskId, TicketId
from orchestrator_dynamic.models.vocabulary import (
    Consistency,
    DeliveryMode,
    Durability,
    Priority,
    RiskBand,
    SecurityLevel,
    TaskType,
)
from orchestrator_dynamic.simulation.virtual_clock import NOON_MS


def a_ticket(
    name: str = "t-1",
    *,
    kind: TaskType = TaskType.EXECUTE,
    attempt: int = 1,
    timeout_ms: int = 60_000,
    needs: str = "",
    estimated_duration_ms: int | None = None,
    parameters: Mapping[str, str] | None = None,
) -> ExecutionTicket:
    """Return a ticket; `needs` names the capabilities it requires, with spaces between them."""
    return ExecutionTicket(
        ticket_id=TicketId(name),
        plan_id=PlanId("plan-1"),
        intent_id=IntentId("intent-1"),
        decision_id=DecisionId("decision-1"),
        task_id=TaskId(f"task of {name}"),
        task_type=kind,
        priority=Priority.NORMAL,
        risk_band=RiskBand.MEDIUM,
        sla=Sla(deadline=NOON_MS + timeout_ms, timeout_ms=timeout_ms, max_retries=2),
        qos=QoS(
            delivery_mode=DeliveryMode.AT_LEAST_ONCE,
            consistency=Consistency.EVENTUAL,
            durability=Durability.PERSISTENT,
        ),
        parameters=dict(parameters or {}),
        required_capabilities=tuple(needs.split()),
        security_level=SecurityLevel.INTERNAL,
        created_at=NOON_MS,
        estimated_duration_ms=estimated_duration_ms,
        retry_count=attempt - 1,
        metadata={"workflow_id": "orch-decision-1", "attempt": str(attempt)},
    )
