"""What each kind of letter does: which plan it concerns, and what that plan is told."""

from collections.abc import Iterable

import orjson

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.worker import AnswerFate
from orchestrator_dynamic.ports.orchestrator import Action, Reply, Request
from orchestrator_dynamic.ports.records import OperatorRequest, RequestReply
from orchestrator_dynamic.ports.ticket_bus import Handover
from orchestrator_dynamic.runtime.admission import Admission
from orchestrator_dynamic.runtime.answer_fates import fate_of
from orchestrator_dynamic.runtime.letters import (
    Answers,
    Demand,
    GivenBack,
    Letter,
    Milestone,
    Report,
    Returned,
    Submission,
    Told,
    Workforce,
)
from orchestrator_dynamic.runtime.plans import OpenPlans
from orchestrator_dynamic.runtime.step import Step, answer_record
from orchestrator_dynamic.runtime.teller import Teller


class Turn:
    """Finds the plans that letters are about, and has `teller` tell them."""

    def __init__(self, plans: OpenPlans, admission: Admission, teller: Teller) -> None:
        self._plans = plans
        self._admission = admission
        self._teller = teller

    def take(self, letters: Iterable[Letter], step: Step) -> None:
        """Apply all `letters`; hand-overs first, for each came before the answer to it."""
        handovers: list[Handover] = []
        others: list[Told] = []
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
                    self._answered(letter.result, letter.at, step)
                case Answers():
                    told = [self._answered(one, letter.at, step) for one in letter.results]
                    step.answer(letter.fates, told)
                case Submission():
                    self._admission.take(letter, step)
                case Returned():
                    self._returned(letter, step)
                case GivenBack():
                    self._given_back(letter, step)
                case Workforce():
                    self._workforce(letter, step)
                case Demand():
                    step.answer(letter.answer, self._reply_to(letter.request, letter.at, step))
                case Milestone():
                    step.answer(letter.reached, None)

    def pass_time(self, workflows: Iterable[int], step: Step) -> None:
        """Tell these plans that their moment has come."""
        for workflow in workflows:
            if plan := self._plans.by_key(workflow):
                self._teller.time_passed(plan, step)

    def answer_from_outside(self, asked: OperatorRequest, step: Step) -> None:
        """Carry out what another process asked for by a row in the ledger."""
        try:
            action = Action(asked.action)
        except ValueError:
            reply = Reply(False, f"unknown action {asked.action}")
        else:
            tasks = tuple(orjson.loads(asked.detail)) if asked.detail else None
            request = Request(
                action=action,
                workflow_id=WorkflowId(asked.workflow_id),
                by=asked.actor,
                reason=asked.reason,
                tasks=tasks,
            )
            reply = self._reply_to(request, step.at, step)
        step.batch.replies.append(RequestReply(step.at, reply.text, int(reply.accepted), asked.id))

    def _reply_to(self, request: Request, at: int, step: Step) -> Reply:
        plan = self._plans.by_id(request.workflow_id)
        if plan is None:
            return Reply(False, f"{request.workflow_id} is not open: it has ended or never was")
        return self._teller.requested(plan, request, at, step)

    def _handed_over(self, handovers: list[Handover], step: Step) -> None:
        groups: dict[tuple[int, int], list[tuple[int, Handover]]] = {}
        for handover in handovers:
            plan, workflow, number = self._plans.find(handover.ticket_id)
            if plan is None or workflow is None or number is None:
                continue  # Its plan has ended meanwhile.
            groups.setdefault((workflow, handover.at), []).append((number, handover))
        for (workflow, at), taken in groups.items():
            if plan := self._plans.by_key(workflow):
                attempts = tuple([(number, one.attempt) for number, one in taken])
                agents = tuple([one.agent for _, one in taken if one.agent is not None])
                if len(agents) < len(attempts):
                    agents = ()
                self._teller.handed_over(plan, attempts, at, agents, step)

    def _returned(self, letter: Returned, step: Step) -> None:
        for ticket_id in letter.ticket_ids:
            plan, _, number = self._plans.find(ticket_id)
            if plan is not None and number is not None:
                self._teller.returned(plan, (number,), letter.at, step)

    def _given_back(self, letter: GivenBack, step: Step) -> None:
        for ticket_id, attempt in letter.attempts:
            plan, _, number = self._plans.find(ticket_id)
            if plan is None or number is None:
                continue
            # Meanwhile another attempt may be out, which nobody has given back.
            if plan.state.ticket(number).attempt == attempt:
                self._teller.returned(plan, (number,), letter.at, step)

    def _workforce(self, letter: Workforce, step: Step) -> None:
        self._admission.workers = letter.workers
        for plan in list(self._plans):
            if plan.state.supply.workers != letter.workers:
                changed = facts.WorkersChanged(at=letter.at, workers=letter.workers)
                self._teller.tell(plan, changed, step)

    def _answered(self, result: ExecutionResult, at: int, step: Step) -> AnswerFate:
        plan, workflow, number = self._plans.find(result.ticket_id)
        if plan is None or number is None or plan.halted:
            fate = "unknown" if workflow is None else "too_late"
            step.batch.answers.append(answer_record(workflow, result, at, fate))
            step.tally.answered(fate)
            return AnswerFate.UNKNOWN if workflow is None else AnswerFate.STALE_ATTEMPT
        told = fate_of(plan.state.ticket(number), result)
        self._teller.answered(plan, number, result, at, step)
        return told
