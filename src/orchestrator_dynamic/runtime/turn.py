"""What each kind of letter does: which facts it tells to which plan."""

from collections.abc import Callable, Iterable

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.answers import answer_of
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.ports.records import ProgressRecord
from orchestrator_dynamic.ports.ticket_bus import Handover
from orchestrator_dynamic.runtime import halting
from orchestrator_dynamic.runtime.admission import Admission
from orchestrator_dynamic.runtime.letters import Demand, Letter, Report, Returned, Submission
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.operators import reply_to
from orchestrator_dynamic.runtime.plans import OpenPlans
from orchestrator_dynamic.runtime.step import Step, answer_record
from orchestrator_dynamic.wire import fact_json

# A line for people; what is longer belongs into the result's log.
PROGRESS_LENGTH_MAX = 500


class Turn:
    """Tells plans what letters say. `chance` draws numbers in [0, 1)."""

    def __init__(self, plans: OpenPlans, admission: Admission, chance: Callable[[], float]) -> None:
        self._plans = plans
        self._admission = admission
        self._chance = chance

    def take(self, letters: Iterable[Letter], step: Step) -> None:
        """Apply all `letters`; hand-overs first, for each came before the answer to it."""
        handovers: list[Handover] = []
        others: list[Submission | Report | Demand | Returned] = []
        for letter in letters:
            if isinstance(letter, Handover):
                handovers.append(letter)
            else:
                others.append(letter)
        if handovers:
            self._handed_over(handovers, step)
        for letter in others:
            match letter:
                case Report():
                    self._answered(letter, step)
                case Submission():
                    self._admission.take(letter, step)
                case Returned():
                    self._returned(letter, step)
                case Demand():
                    reply = reply_to(letter.request, self._plans, letter.at, step, self.tell)
                    step.answer(letter.answer, reply)

    def tell(
        self, plan: OpenPlan, fact: facts.Fact, step: Step, result: ExecutionResult | None = None
    ) -> None:
        """Apply a fact; a plan whose books do not add up stops alone, and is told no more.

        Args:
            result: what a worker said, where that is the fact.
        """
        if plan.halted:
            return
        try:
            step.apply(plan, fact, result)
        except InvariantViolation as broken:
            halting.halt(plan, fact_json.encode(fact), broken, step)

    def pass_time(self, workflows: Iterable[int], step: Step) -> None:
        """Tell these plans that their moment has come."""
        for workflow in workflows:
            if plan := self._plans.by_key(workflow):
                self.tell(plan, facts.TimePassed(at=step.at, chance=self._chance()), step)

    def _handed_over(self, handovers: list[Handover], step: Step) -> None:
        groups: dict[tuple[int, int], list[tuple[int, Handover]]] = {}
        for handover in handovers:
            plan, workflow, number = self._plans.find(handover.ticket_id)
            if plan is None or workflow is None or number is None:
                continue  # Its plan has ended meanwhile.
            groups.setdefault((workflow, handover.at), []).append((number, handover))
            ticket = plan.state.tickets[number]
            if ticket.stage is Stage.PUBLISHING:
                step.tally.published(ticket, handover.at)
        for (workflow, at), taken in groups.items():
            if plan := self._plans.by_key(workflow):
                attempts = tuple([(number, one.attempt) for number, one in taken])
                agents = tuple([one.agent for _, one in taken if one.agent is not None])
                if len(agents) < len(attempts):
                    agents = ()
                self.tell(
                    plan, facts.TicketsPublished(at=at, tickets=attempts, agents=agents), step
                )

    def _returned(self, letter: Returned, step: Step) -> None:
        for ticket_id in letter.ticket_ids:
            plan, _, number = self._plans.find(ticket_id)
            if plan is not None and number is not None:
                attempts = ((number, plan.state.tickets[number].attempt),)
                self.tell(plan, facts.TicketsReturned(at=letter.at, tickets=attempts), step)

    def _answered(self, letter: Report, step: Step) -> None:
        result = letter.result
        plan, workflow, number = self._plans.find(result.ticket_id)
        if plan is None or number is None or plan.halted:
            fate = "unknown" if workflow is None else "too_late"
            step.batch.answers.append(answer_record(workflow, result, letter.at, fate))
            step.tally.answered(fate)
            return
        ticket = plan.state.tickets[number]
        if result.status is ExecutionStatus.RUNNING:
            if told := result.result.metadata.get("progress"):
                said = ProgressRecord(told[:PROGRESS_LENGTH_MAX], plan.base + number)
                step.batch.progress.append(said)
            if ticket.started_at is not None:
                step.tally.answered("heartbeat")  # Only the first changes anything else.
                return
        fact = answer_of(result, number, letter.at, self._chance())
        self.tell(plan, fact, step, result)
