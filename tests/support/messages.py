"""Messages for tests: builders that say only what a test is about, and strategies for any message.

Builders take the wire's own words (`a_task("b", dependencies=["a"], task_type="BUILD")`) and
validate them as models do.
"""

import json
from pathlib import Path

from hypothesis import strategies as st

from orchestrator_dynamic.models import vocabulary as words
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.base import DURATION_MS_MAX, EPOCH_MS_MAX, INT_MAX, LONG_MAX
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan, TaskNode
from orchestrator_dynamic.models.consolidated_decision import (
    ConsensusMetrics,
    ConsolidatedDecision,
    SpecialistVote,
)
from orchestrator_dynamic.models.execution_result import ExecutionResult, ExecutionResultPayload
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket, QoS, Sla
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.telemetry_frame import (
    FrameCorrelation,
    FrameMetrics,
    FrameStep,
    TelemetryFrame,
)

# 2026-01-01T12:00:00Z, in epoch milliseconds.
NOON = 1_767_268_800_000

# Recorded plans that are kept beside the repository, and that tests skip where they are not.
RECORDED_PLANS = Path(__file__).resolve().parents[3] / "shared" / "data" / "plans"


def a_task(task_id: str = "a", **fields: object) -> TaskNode:
    """Return a task."""
    return TaskNode.model_validate({"task_id": task_id, "task_type": "EXECUTE", **fields})


def a_plan(*tasks: TaskNode, **fields: object) -> CognitivePlan:
    """Return a plan of `tasks`, of one task where none is given."""
    ids = {"plan_id": "plan-1", "intent_id": "intent-1"}
    return CognitivePlan.model_validate({**ids, "tasks": tasks or (a_task(),), **fields})


def a_decision(plan: CognitivePlan | None = None, **fields: object) -> ConsolidatedDecision:
    """Return an approval of `plan`, under the plan's own ids."""
    plan = plan or a_plan()
    ids = {"decision_id": "decision-1", "plan_id": plan.plan_id, "intent_id": plan.intent_id}
    return ConsolidatedDecision.model_validate(
        {**ids, "final_decision": "approve", "cognitive_plan": plan, "created_at": NOON, **fields}
    )


def a_ticket(ticket_id: str = "ticket-1", **fields: object) -> ExecutionTicket:
    """Return a ticket that waits for nothing."""
    return ExecutionTicket.model_validate(
        {
            "ticket_id": ticket_id,
            "plan_id": "plan-1",
            "intent_id": "intent-1",
            "decision_id": "decision-1",
            "task_id": "a",
            "task_type": "EXECUTE",
            "priority": "NORMAL",
            "risk_band": "medium",
            "sla": {"deadline": NOON + 60_000, "timeout_ms": 60_000, "max_retries": 2},
            "qos": {
                "delivery_mode": "AT_LEAST_ONCE",
                "consistency": "EVENTUAL",
                "durability": "PERSISTENT",
            },
            "security_level": "INTERNAL",
            "created_at": NOON,
            **fields,
        }
    )


def a_result(ticket_id: str = "ticket-1", **fields: object) -> ExecutionResult:
    """Return the result of a ticket that went well."""
    return ExecutionResult.model_validate(
        {
            "ticket_id": ticket_id,
            "status": "COMPLETED",
            "result": {"success": True},
            "agent_id": "worker-1",
            "timestamp": NOON,
            **fields,
        }
    )


def an_incident(**fields: object) -> OrchestrationIncident:
    """Return an incident about one ticket."""
    return OrchestrationIncident.model_validate(
        {
            "incident_id": "incident-1",
            "workflow_id": "orch-decision-1",
            "incident_type": "TICKET_TIMEOUT",
            "severity": "high",
            "affected_tickets": ["ticket-1"],
            "created_at": NOON,
            **fields,
        }
    )


def as_json(document: object) -> bytes:
    """Return `document` as any producer might write it."""
    return json.dumps(document).encode()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
maybe_texts = st.none() | texts
text_lists = st.lists(texts, max_size=3)
text_maps = st.dictionaries(texts, texts, max_size=3)
numbers = st.floats(allow_nan=False, allow_infinity=False)
number_maps = st.dictionaries(texts, numbers, max_size=3)
shares = st.floats(0.0, 1.0)
durations = st.integers(0, DURATION_MS_MAX)
times = st.integers(0, EPOCH_MS_MAX)
longs = st.integers(0, LONG_MAX)
counts = st.integers(0, INT_MAX)
versions = st.integers(-INT_MAX - 1, INT_MAX)
flags = st.booleans()
risk_bands = st.sampled_from(words.RiskBand)

tasks = st.builds(
    TaskNode,
    task_id=ids,
    task_type=st.sampled_from(words.TaskType),
    description=texts,
    dependencies=st.lists(ids, max_size=3).map(tuple),
    estimated_duration_ms=st.none() | durations,
    required_capabilities=text_lists.map(tuple),
    parameters=text_maps,
    metadata=text_maps,
)
plans = st.builds(
    CognitivePlan,
    plan_id=ids,
    version=texts,
    intent_id=ids,
    correlation_id=maybe_texts,
    trace_id=maybe_texts,
    span_id=maybe_texts,
    tasks=st.lists(tasks, max_size=4).map(tuple),
    execution_order=st.lists(ids, max_size=4).map(tuple),
    risk_score=shares,
    risk_band=risk_bands,
    risk_factors=number_maps,
    risk_matrix=st.none() | number_maps,
    explainability_token=texts,
    reasoning_summary=texts,
    status=st.sampled_from(words.PlanStatus),
    created_at=times,
    valid_until=st.none() | times,
    estimated_total_duration_ms=st.none() | durations,
    complexity_score=numbers,
    original_domain=st.sampled_from(words.CognitiveDomain),
    original_priority=st.sampled_from(words.Priority),
    original_security_level=st.sampled_from(words.SecurityLevel),
    metadata=text_maps,
    requires_approval=flags,
    is_destructive=flags,
    approval_status=st.none() | st.sampled_from(words.ApprovalStatus),
    approved_by=maybe_texts,
    approved_at=st.none() | times,
    destructive_tasks=st.lists(ids, max_size=3).map(tuple),
    schema_version=versions,
)
votes = st.builds(
    SpecialistVote,
    specialist_type=texts,
    opinion_id=texts,
    confidence_score=numbers,
    risk_score=numbers,
    recommendation=texts,
    weight=numbers,
    processing_time_ms=durations,
)
consensus_metrics = st.builds(
    ConsensusMetrics,
    divergence_score=numbers,
    convergence_time_ms=durations,
    unanimous=flags,
    fallback_used=flags,
    pheromone_strength=numbers,
    bayesian_confidence=numbers,
    voting_confidence=numbers,
)
decisions = st.builds(
    ConsolidatedDecision,
    decision_id=ids,
    plan_id=ids,
    intent_id=ids,
    correlation_id=maybe_texts,
    trace_id=maybe_texts,
    span_id=maybe_texts,
    final_decision=st.sampled_from(words.DecisionType),
    consensus_method=st.sampled_from(words.ConsensusMethod),
    aggregated_confidence=shares,
    aggregated_risk=shares,
    specialist_votes=st.lists(votes, max_size=2).map(tuple),
    consensus_metrics=consensus_metrics,
    explainability_token=texts,
    reasoning_summary=texts,
    compliance_checks=st.dictionaries(texts, flags, max_size=3),
    guardrails_triggered=text_lists.map(tuple),
    cognitive_plan=plans,
    requires_human_review=flags,
    created_at=times,
    valid_until=st.none() | times,
    metadata=text_maps,
    hash=texts,
    schema_version=versions,
)
tickets = st.builds(
    ExecutionTicket,
    ticket_id=ids,
    plan_id=ids,
    intent_id=ids,
    decision_id=ids,
    correlation_id=maybe_texts,
    trace_id=maybe_texts,
    span_id=maybe_texts,
    task_id=ids,
    task_type=st.sampled_from(words.TaskType),
    description=texts,
    dependencies=st.lists(ids, max_size=3).map(tuple),
    status=st.sampled_from(words.TicketStatus),
    priority=st.sampled_from(words.Priority),
    risk_band=risk_bands,
    sla=st.builds(Sla, deadline=longs, timeout_ms=longs, max_retries=counts),
    qos=st.builds(
        QoS,
        delivery_mode=st.sampled_from(words.DeliveryMode),
        consistency=st.sampled_from(words.Consistency),
        durability=st.sampled_from(words.Durability),
    ),
    parameters=text_maps,
    required_capabilities=text_lists.map(tuple),
    security_level=st.sampled_from(words.SecurityLevel),
    created_at=longs,
    started_at=st.none() | longs,
    completed_at=st.none() | longs,
    estimated_duration_ms=st.none() | longs,
    actual_duration_ms=st.none() | longs,
    retry_count=counts,
    error_message=maybe_texts,
    compensation_ticket_id=st.none() | ids,
    metadata=text_maps,
    schema_version=versions,
)
results = st.builds(
    ExecutionResult,
    ticket_id=ids,
    status=st.sampled_from(words.ExecutionStatus),
    result=st.builds(
        ExecutionResultPayload,
        success=flags,
        output=text_maps,
        metadata=text_maps,
        logs=text_lists.map(tuple),
    ),
    error_message=maybe_texts,
    actual_duration_ms=st.none() | durations,
    agent_id=texts,
    timestamp=times,
    schema_version=versions,
)
incidents = st.builds(
    OrchestrationIncident,
    incident_id=ids,
    workflow_id=ids,
    incident_type=st.sampled_from(words.IncidentType),
    severity=texts,
    details=text_lists.map(tuple),
    affected_tickets=st.lists(ids, max_size=3).map(tuple),
    correlation_id=texts,
    trace_id=texts,
    recommended_playbook=maybe_texts,
    auto_remediation_enabled=st.none() | flags,
    escalation_required=st.none() | flags,
    created_at=times,
    hash=texts,
)
frames = st.builds(
    TelemetryFrame,
    schema_version=versions,
    source=texts,
    timestamp=longs,
    correlation=st.builds(
        FrameCorrelation,
        intent_id=ids,
        plan_id=ids,
        decision_id=ids,
        workflow_id=ids,
        correlation_id=maybe_texts,
        trace_id=maybe_texts,
        ticket_ids=st.lists(ids, max_size=3).map(tuple),
    ),
    outcome=st.sampled_from(words.Outcome),
    steps=st.lists(
        st.builds(
            FrameStep,
            step=st.sampled_from(words.FlowStep),
            status=texts,
            started_at=longs,
            duration_ms=longs,
        ),
        max_size=3,
    ).map(tuple),
    metrics=st.builds(FrameMetrics, **dict.fromkeys(FrameMetrics.model_fields, longs)),
)
alerts = st.builds(
    SlaAlert,
    alert_id=ids,
    alert_type=st.sampled_from(words.AlertType),
    severity=texts,
    service_name=texts,
    workflow_id=ids,
    timestamp=longs,
    context=text_maps,
)
violations = st.builds(
    SlaViolation,
    violation_id=ids,
    workflow_id=ids,
    ticket_id=st.none() | ids,
    violation_type=st.sampled_from(words.ViolationType),
    service_name=texts,
    sla_deadline=longs,
    actual_completion=st.none() | longs,
    delay_ms=longs,
    severity=texts,
    metadata=text_maps,
    timestamp=longs,
)
approvals = st.builds(
    ApprovalResponse,
    plan_id=ids,
    intent_id=texts,
    decision=st.sampled_from(words.ApprovalDecision),
    approved_by=texts,
    approved_at=times,
    rejection_reason=maybe_texts,
    cognitive_plan_json=maybe_texts,
)
