"""The end of intake, inside the engine: is this decision new, and what becomes of it?

Source: rules, "Gate".
"""

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.ports.ledger import Ledger
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.records import DeadLetterRecord, DecisionRecord
from orchestrator_dynamic.runtime.intake import NewPlan
from orchestrator_dynamic.runtime.letters import Submission
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.plans import OpenPlans
from orchestrator_dynamic.runtime.receipts import (
    TAKEN_BEFORE,
    conflict_letter,
    receipt_for,
    receipt_for_letter,
)
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.runtime.teller import Teller


class Admission:
    """Takes submissions in. `workers` are those known now, None without a registry."""

    def __init__(self, plans: OpenPlans, ledger: Ledger, policy: Policy, teller: Teller) -> None:
        self._plans = plans
        self._ledger = ledger
        self._policy = policy
        self._next_workflow = ledger.next_workflow()
        # Decisions that this turn has taken in, which the ledger does not know yet.
        self._taken: dict[str, NewPlan] = {}
        self._teller = teller
        self.workers: tuple[facts.WorkerSkills, ...] | None = None

    def begin_turn(self) -> None:
        """What was taken in before this turn is in the ledger now."""
        self._taken.clear()

    def take(self, letter: Submission, step: Step) -> None:
        """Decide what becomes of a submission; its sender hears of it once it is durable."""
        prepared = letter.prepared
        if isinstance(prepared, NewPlan):
            receipt = self._known(prepared, step, letter.at) or self._admit(
                prepared, step, letter.at
            )
        else:
            receipt = self._put_aside(prepared, step)
        step.answer(letter.answer, receipt)

    def _known(self, new: NewPlan, step: Step, at: int) -> Receipt | None:
        decision_id = new.execution.state.decision.decision_id
        if earlier := self._taken.get(decision_id):
            known_hash = earlier.content_hash
        elif stored := self._ledger.decision_hash(decision_id):
            known_hash = stored[0]
        else:
            return None
        if known_hash == new.content_hash:
            step.tally.repeated("decision")
            return receipt_for(new, Reception.DUPLICATE, TAKEN_BEFORE)
        letter = conflict_letter(new, at)
        if not new.message.kept_if_refused:
            return receipt_for_letter(letter)
        return self._put_aside(letter, step)

    def _admit(self, new: NewPlan, step: Step, at: int) -> Receipt:
        plan = OpenPlan(self._next_workflow, new.execution)
        self._next_workflow += 1
        state, decision = plan.state, plan.state.decision
        self._taken[decision.decision_id] = new
        self._plans.add(plan)
        step.batch.decisions.append(
            DecisionRecord(
                plan.workflow,
                decision.decision_id,
                new.content_hash,
                new.envelope,
                new.message.source,
                at,
                new.canonical,
            )
        )
        accepted = facts.DecisionAccepted(
            at=at,
            policy=self._policy,
            findings=new.findings,
            workers=self.workers,
            validation_ms=new.validation_ms,
            generation_ms=new.generation_ms,
            submitted_by=new.message.by,
            traceparent=new.traceparent,
        )
        self._teller.accepted(plan, accepted, step)
        return receipt_for(new, _reception_of(state.phase), state.verdict)

    def _put_aside(self, letter: DeadLetterRecord, step: Step) -> Receipt:
        step.batch.dead_letters.append(letter)
        step.tally.put_aside(letter.reason)
        return receipt_for_letter(letter)


def _reception_of(phase: Phase) -> Reception:
    if phase is Phase.AWAITING_APPROVAL:
        return Reception.PARKED
    return Reception.RECORDED if phase is Phase.ENDED else Reception.STARTED
