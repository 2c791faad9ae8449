"""What the sender of a decision is told, and what is said where it contradicts an earlier one."""

from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.records import DeadLetterRecord
from orchestrator_dynamic.runtime.dead_letters import findings_in, letter_about
from orchestrator_dynamic.runtime.intake import NewPlan

TAKEN_BEFORE = "this decision was taken in before"


def receipt_for(new: NewPlan, reception: Reception, reason: str = "") -> Receipt:
    """Return the receipt for a decision that could be read."""
    state = new.execution.state
    return Receipt(
        reception=reception,
        source=new.message.source,
        decision_id=state.decision.decision_id,
        plan_id=state.decision.plan_id,
        workflow_id=state.workflow_id,
        reason=reason,
        findings=new.findings,
    )


def receipt_for_letter(letter: DeadLetterRecord) -> Receipt:
    """Return the receipt for a message that was put aside."""
    return Receipt(
        reception=Reception.DEAD_LETTER,
        source=letter.source,
        reason=letter.reason,
        findings=findings_in(letter),
    )


def conflict_letter(new: NewPlan, at: int) -> DeadLetterRecord:
    """Return the dead letter for a decision whose id is that of another one."""
    decision_id = new.execution.state.decision.decision_id
    message = f"decision {decision_id} was taken in before with other content; use a new id"
    finding = Finding("decision_conflict", Severity.ERROR, "decision_id", message)
    return letter_about(new.message, InvalidInput("decision_conflict", [finding]), at)
