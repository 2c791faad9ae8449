"""C6: the one frame that tells an ended plan's story. Source: contracts, "Telemetry Frame"."""

from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.telemetry_frame import (
    FrameCorrelation,
    FrameMetrics,
    FrameStep,
    TelemetryFrame,
)
from orchestrator_dynamic.models.vocabulary import FlowStep, Outcome

DONE, FAILED, NOT_REACHED = "COMPLETED", "FAILED", "SKIPPED"


def frame_of(state: ExecutionState) -> TelemetryFrame:
    """Return the frame of an ended plan, correlated by everything the plan is known by."""
    decision, ended = state.decision, state.ended_at or state.accepted_at
    return TelemetryFrame(
        timestamp=ended,
        correlation=FrameCorrelation(
            intent_id=decision.intent_id,
            plan_id=decision.plan_id,
            decision_id=decision.decision_id,
            workflow_id=state.workflow_id,
            correlation_id=decision.correlation_id,
            trace_id=state.trace.told,
            ticket_ids=tuple([ticket.ticket_id for ticket in state.tickets]),
        ),
        outcome=state.outcome or Outcome.FAILED,
        steps=_steps(state, ended),
        metrics=metrics_of(state),
    )


def metrics_of(state: ExecutionState) -> FrameMetrics:
    """Return the numbers of a plan so far, or in the end; tickets are its tasks' tickets."""
    ended = state.ended_at if state.ended_at is not None else state.now
    return FrameMetrics(
        tickets_total=len(state.plan.tasks),
        tickets_completed=state.counts[Stage.COMPLETED],
        tickets_failed=state.counts[Stage.FAILED],
        tickets_retried=state.retries,
        tickets_compensated=state.counts[Stage.COMPENSATED],
        sla_violations=state.sla_violations,
        total_duration_ms=max(0, ended - state.accepted_at),
        critical_path_ms=state.critical_path_ms,
        queue_ms=state.queue_ms,
        execution_ms=state.execution_ms,
    )


def _steps(state: ExecutionState, ended: int) -> tuple[FrameStep, ...]:
    accepted, released = state.accepted_at, state.first_released_at
    ran_until = state.last_ended_at or ended
    generated = bool(state.tickets)
    ok = state.outcome in (Outcome.SUCCESS, Outcome.PARTIAL)
    c4_status = NOT_REACHED if released is None else (DONE if ok else FAILED)
    c4_begin = ended if released is None else released
    validated = NOT_REACHED if state.invalid is None else (FAILED if state.invalid else DONE)
    waited = max(0, (released or accepted) - (state.started_at or accepted))
    return (
        _step(FlowStep.C1, validated, accepted, state.validation_ms),
        _step(FlowStep.C2, DONE if generated else NOT_REACHED, accepted, state.generation_ms),
        _step(FlowStep.C3, DONE if released else NOT_REACHED, state.started_at or ended, waited),
        _step(FlowStep.C4, c4_status, c4_begin, max(0, ran_until - c4_begin) if released else 0),
        _step(FlowStep.C5, DONE, ran_until, max(0, ended - ran_until)),
        _step(FlowStep.C6, DONE, ended, 0),
    )


def _step(step: FlowStep, status: str, started_at: int, duration_ms: int) -> FrameStep:
    return FrameStep(step=step, status=status, started_at=started_at, duration_ms=duration_ms)
