"""One turn of the engine: facts are applied, and what follows is gathered to be done at once.

What must be durable goes into the batch. What others can see (tickets to workers, answers to
callers) waits in the step until the batch is durable.
"""

from asyncio import Future
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from orchestrator_dynamic.core import commands, facts
from orchestrator_dynamic.core.answers import attempt_of
from orchestrator_dynamic.core.commands import Command
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import message_of
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import TicketStatus
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    AnswerRecord,
    AuditRecord,
    FactRecord,
    IncidentRecord,
    MessageRecord,
)
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime.letters import EngineStopped, fail
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.tally import Tally
from orchestrator_dynamic.wire import fact_json
from orchestrator_dynamic.wire.message_writer import to_json

T = TypeVar("T")
Changed = tuple[OpenPlan, Ticket]


class Step:
    """What one turn of the engine has gathered so far.

    Attributes:
        dispatches, cancelled, over: for the bus, once the batch is durable.
        ended, halted: plans whose outcome this turn brings, or that a fault of ours stopped.
        later: tickets whose rows the next turn writes, by their keys.
        plans: those that a fact was applied to, by workflow key.
        progressed: those of which a worker said how far it has come, which is no fact.
    """

    def __init__(
        self, at: int, topics: Topics, tally: Tally, carried: Mapping[int, Changed] | None = None
    ) -> None:
        self.at = at
        self.batch = Batch()
        self.tally = tally
        self.plans: dict[int, OpenPlan] = {}
        self.progressed: dict[int, OpenPlan] = {}
        self.dispatches: list[tuple[OpenPlan, int, Dispatch]] = []
        self.cancelled: list[Dispatch] = []
        self.over: list[Ticket] = []
        self.ended: list[OpenPlan] = []
        self.halted: list[OpenPlan] = []
        self.later: dict[int, Changed] = {}
        self._answers: list[Callable[[], None]] = []
        self._waiting: list[Future[Any]] = []
        self._carried = carried or {}
        self._changed: dict[int, Changed] = dict(self._carried)
        self._topics = topics

    def close(self) -> Batch:
        """Return what must be durable; tickets as they are now, however often they changed.

        A ticket that has just gone to the bus waits one turn: its worker or its answer is mostly
        there by then, and its row is written once instead of twice. The journal knows at once.
        """
        for key, changed in self._changed.items():
            if changed[1].stage is Stage.PUBLISHING and key not in self._carried:
                self.later[key] = changed
            else:
                self.batch.changes.append(changed[0].change_of(changed[1]))
        return self.batch

    def changed_tickets(self) -> list[Ticket]:
        """Return the tickets that this turn has changed, or the one before and none recorded."""
        return [ticket for _, ticket in self._changed.values()]

    def changed(self) -> Iterable[Changed]:
        """Return the same tickets, each with its plan."""
        return self._changed.values()

    def answer(self, waiting: Future[T], value: T) -> None:
        """Give `value` to a caller that waits, once this turn is durable."""
        self._waiting.append(waiting)
        self._answers.append(lambda: None if waiting.done() else waiting.set_result(value))

    def abandon(self, why: EngineStopped) -> None:
        """Tell callers who have heard nothing yet that nothing is known of what they brought."""
        for waiting in self._waiting:
            fail(waiting, why)

    def give_answers(self) -> None:
        """Tell every caller; only after the batch is durable."""
        for give in self._answers:
            give()

    def apply(
        self, plan: OpenPlan, fact: facts.Fact, result: ExecutionResult | None = None
    ) -> None:
        """Apply `fact` to `plan`, and gather what follows; `result` is what an answer said.

        Several processes tell of one plan, each by its own clock and late by its own queue: what is
        heard after something else counts as not earlier, or nothing would seem to be in order.

        Raises:
            InvariantViolation: the plan's books do not add up; nothing of this fact was gathered.
        """
        if fact.at < plan.state.now:
            fact = replace(fact, at=plan.state.now)
        before = (plan.state.phase, plan.state.paused)
        issued = plan.execution.apply(fact)
        plan.seq += 1
        self.plans[plan.workflow] = plan
        self.batch.facts.append(
            FactRecord(
                plan.workflow,
                plan.seq,
                fact.at,
                fact.kind,
                fact_json.version_of(fact.kind),
                fact_json.encode(fact),
            )
        )
        for command in issued:
            self._carry_out(plan, command, fact.at, result)
        if before[0] is not Phase.RUNNING and plan.state.phase is Phase.RUNNING:
            self.tally.plan_started(plan)
        if before != (plan.state.phase, plan.state.paused):
            self.batch.workflows[plan.workflow] = plan.workflow_record()

    def _carry_out(
        self, plan: OpenPlan, command: Command, at: int, result: ExecutionResult | None
    ) -> None:
        batch, state = self.batch, plan.state
        match command:
            case commands.RecordTickets():
                self._record_tickets(plan, command.tickets)
            case commands.RecordAnswer():
                if result is not None:
                    workflow, fate = plan.workflow, command.fate.value
                    batch.answers.append(answer_record(workflow, result, at, fate))
                self.tally.answered(command.fate.value)
            case commands.PublishTickets():
                for number, attempt in command.tickets:
                    self.dispatches.append((plan, number, dispatch_of(plan, number, attempt)))
                    self.tally.dispatched(state.tickets[number], state.supply.allocation_method)
            case commands.RecordAudit():
                detail = orjson.dumps(dict(command.detail)).decode()
                workflow_id, action, actor = state.workflow_id, command.action, command.actor
                batch.audit.append(AuditRecord(at, workflow_id, action, actor, detail))
            case commands.RequestCancellation():
                self.cancelled += [cancellation_of(plan, *one) for one in command.tickets]
            case commands.RaiseIncident():
                self.raise_incident(command)
            case commands.SendSlaAlert():
                alert = command.alert
                self.send(self._topics.sla_alerts, alert.alert_id, alert)
                self.tally.warned(alert)
            case commands.SendSlaViolation():
                told = command.violation
                self.send(self._topics.sla_violations, told.violation_id, told)
                self.tally.violated(told, state.plan.risk_band)
            case commands.PublishTelemetry():
                self.send(self._topics.telemetry, state.decision.plan_id, command.frame)
            case commands.EndPlan():
                batch.workflows[plan.workflow] = plan.workflow_record()
                self.ended.append(plan)

    def raise_incident(self, command: commands.RaiseIncident) -> None:
        """Keep an incident, and send it."""
        incident = command.incident
        text = self.send(self._topics.incidents, incident.incident_id, incident)
        self.batch.incidents.append(
            IncidentRecord(
                incident.incident_id,
                incident.workflow_id,
                incident.incident_type.value,
                incident.severity,
                incident.created_at,
                text,
            )
        )
        self.tally.raised(incident.incident_type)

    def send(self, topic: str, key: str, message: Message) -> str:
        """Send a message, and return its text; whoever relays it finds it in the outbox."""
        text = to_json(message).decode()
        sent_at = None if self._topics.relayed else self.at
        self.batch.messages.append(MessageRecord(topic, key, text, self.at, sent_at))
        return text

    def _record_tickets(self, plan: OpenPlan, numbers: tuple[int, ...]) -> None:
        tickets, changed, base = plan.state.tickets, self._changed, plan.base
        for number in numbers:
            ticket = tickets[number]
            if number >= plan.recorded:
                self.batch.tickets.append(plan.new_ticket(ticket))
                plan.recorded += 1
                self.tally.generated(ticket)
                if ticket.attempt == 0:
                    continue
            changed[base + number] = (plan, ticket)
            if ticket.terminal and (
                ticket.undone_by is None or ticket.stage is not Stage.COMPLETED
            ):
                self.over.append(ticket)
                self.tally.over(ticket)
            elif ticket.stage is Stage.STARVED and number not in plan.starved:
                plan.starved.add(number)
                self.tally.starved()


Onlooker = Callable[[Step], None]


def dispatch_of(plan: OpenPlan, number: int, attempt: int) -> Dispatch:
    """Return a ticket as the bus takes it, with the order of the scheduling policy."""
    ticket = plan.state.tickets[number]
    order = (-ticket.score, -plan.state.tail_ms(ticket), ticket.ready_at or 0)
    return Dispatch(order, attempt, message_of(plan.state, number))


def cancellation_of(plan: OpenPlan, number: int, attempt: int) -> Dispatch:
    """Return an attempt as it is shown to a worker who shall stop.

    Workers take a ticket only where it is PENDING, so that one who does not know what
    `cancel_requested` means lets it pass.
    """
    dispatch = dispatch_of(plan, number, attempt)
    metadata = {**dispatch.ticket.metadata, "cancel_requested": "true"}
    told = {"status": TicketStatus.RUNNING, "metadata": metadata}
    return dispatch._replace(ticket=dispatch.ticket.model_copy(update=told))


def answer_record(
    workflow: int | None, result: ExecutionResult, at: int, fate: str
) -> AnswerRecord:
    """Return the row that keeps a worker's answer."""
    payload = result.result
    return AnswerRecord(
        workflow,
        result.ticket_id,
        attempt_of(result),
        at,
        result.status.value,
        fate,
        result.agent_id,
        result.actual_duration_ms,
        result.error_message,
        orjson.dumps(
            {"output": payload.output, "metadata": payload.metadata, "logs": payload.logs}
        ).decode(),
    )
