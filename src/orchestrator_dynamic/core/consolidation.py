"""C5: what the plan came to, and whether its books add up. Source: rules, "C5 Consolidate"."""

from orchestrator_dynamic.core import commands, incidents, invariants, telemetry_frame
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome


def outcome_of(state: ExecutionState) -> Outcome:
    """Return the outcome of a plan whose tickets have all ended; it follows from how they did."""
    if state.phase is Phase.CANCELLING:
        return Outcome.CANCELLED
    if state.compensation_broken:
        return Outcome.FAILED
    if state.counts[Stage.COMPENSATED]:
        return Outcome.COMPENSATED
    completed = state.counts[Stage.COMPLETED]
    if completed == len(state.plan.tasks) and completed:
        return Outcome.SUCCESS
    return Outcome.PARTIAL if completed else Outcome.FAILED


def close_books(state: ExecutionState, at: int) -> None:
    """Check the books of an ended plan, and tell its outcome."""
    if state.outcome is None:
        return
    if breaches := invariants.breaches(state):
        incidents.integrity_broken(state, breaches, at)
    state.audit("plan_ended", outcome=state.outcome, reason=state.verdict)
    state.issue(commands.PublishTelemetry(telemetry_frame.frame_of(state)))
    state.issue(commands.EndPlan(state.outcome))
