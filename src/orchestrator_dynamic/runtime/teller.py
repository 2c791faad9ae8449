"""Telling plans what has happened, whoever brings it: what each thing means as a fact."""

from collections.abc import Callable, Sequence

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.answers import answer_of
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.ports.orchestrator import Reply, Request
from orchestrator_dynamic.ports.records import ProgressRecord
from orchestrator_dynamic.runtime import halting
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.operators import DONE, fact_of
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.wire import fact_json

# A line for people; what is longer belongs into the result's log.
PROGRESS_LENGTH_MAX = 500


class Teller:
    """Tells plans. `chance` draws numbers in [0, 1)."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance

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

    def accepted(self, plan: OpenPlan, fact: facts.DecisionAccepted, step: Step) -> None:
        """Tell a new plan that its decision was taken in."""
        self.tell(plan, fact, step)
        step.batch.workflows[plan.workflow] = plan.workflow_record()
        step.tally.validated(plan, fact.generation_ms / 1000)

    def time_passed(self, plan: OpenPlan, step: Step) -> None:
        """Tell `plan` that its moment has come."""
        self.tell(plan, facts.TimePassed(at=step.at, chance=self._chance()), step)

    def answered(
        self, plan: OpenPlan, number: int, result: ExecutionResult, at: int, step: Step
    ) -> None:
        """Tell `plan` what a worker says about its ticket with this number."""
        ticket = plan.state.ticket(number)
        if result.status is ExecutionStatus.RUNNING:
            if told := result.result.metadata.get("progress"):
                said = ProgressRecord(told[:PROGRESS_LENGTH_MAX], plan.base + number)
                step.batch.progress.append(said)
                step.progressed[plan.workflow] = plan
            if ticket.started_at is not None:
                step.tally.answered("heartbeat")  # Only the first changes anything else.
                return
        self.tell(plan, answer_of(result, number, at, self._chance()), step, result)

    def handed_over(
        self,
        plan: OpenPlan,
        taken: Sequence[facts.TicketAttempt],
        at: int,
        agents: tuple[str, ...],
        step: Step,
    ) -> None:
        """Tell `plan` that the bus has these attempts, all since the same moment.

        Args:
            agents: who works on each of them, in the same order; empty where a broker has them.
        """
        for number, _ in taken:
            ticket = plan.state.ticket(number)
            if ticket.stage is Stage.PUBLISHING:
                step.tally.published(ticket, at)
        published = facts.TicketsPublished(at=at, tickets=tuple(taken), agents=agents)
        self.tell(plan, published, step)

    def returned(self, plan: OpenPlan, numbers: Sequence[int], at: int, step: Step) -> None:
        """Tell `plan` that nobody will answer for the present attempts at these tickets."""
        if numbers:
            tickets = plan.state.tickets
            attempts = tuple((number, tickets[number].attempt) for number in numbers)
            self.tell(plan, facts.TicketsReturned(at=at, tickets=attempts), step)

    def requested(self, plan: OpenPlan, request: Request, at: int, step: Step) -> Reply:
        """Tell `plan` what an operator wants, and return what to tell the operator."""
        answer = fact_of(request, plan.state, at)
        if isinstance(answer, Reply):
            return answer
        self.tell(plan, answer, step)
        outcome = plan.state.outcome
        return Reply(True, DONE[request.action] + (f"; it ended {outcome}" if outcome else ""))
