"""One plan under way: facts go in, commands come out.

`PlanExecution` is the whole interface of the core to its drivers. It is total (every fact is
taken in every phase), deterministic (the same facts give the same commands, everywhere) and
idempotent (a fact heard twice is a fact heard once). Applying a fact costs what it touches.
"""

from orchestrator_dynamic.core import (
    approval,
    cancellation,
    commands,
    deadlines,
    facts,
    incidents,
    invariants,
    plan_flow,
    ticket_factory,
    ticket_lifecycle,
)
from orchestrator_dynamic.core.commands import Command, Fate
from orchestrator_dynamic.core.execution_state import ORCHESTRATOR, ExecutionState, Phase
from orchestrator_dynamic.core.gate import Verdict, verdict_on
from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.supply import Supply
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.trace_context import trace_of
from orchestrator_dynamic.errors import InvariantViolation, Severity
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome


class PlanExecution:
    """The fold of one plan's facts. Its driver owns it and applies one fact at a time."""

    def __init__(
        self,
        workflow_id: WorkflowId,
        decision: ConsolidatedDecision,
        graph: PlanGraph | None = None,
    ) -> None:
        """Begin with nothing known but the decision.

        Args:
            graph: what C1 has drawn of the plan, so that it need not be drawn again.
        """
        self.state = ExecutionState(workflow_id, decision)
        self._graph = graph
        self._generated: tuple[Policy, list[Ticket]] | None = None

    def prepare(self, policy: Policy) -> None:
        """Do the expensive part of C2 beforehand, where it holds up nobody; it changes nothing.

        Of no use, and of no harm, where the decision is then accepted under another policy.
        """
        graph = self._graph_under(policy)
        self._generated = (
            policy,
            ticket_factory.generated_tickets(self.state.decision, graph, policy),
        )

    @property
    def alarm(self) -> int | None:
        """When the next `TimePassed` is due, in epoch ms; None where time changes nothing."""
        return deadlines.alarm_of(self.state)

    @property
    def outcome(self) -> Outcome | None:
        """How the plan ended; None while it has not."""
        return self.state.outcome

    def attempts_in(self, stage: Stage) -> tuple[facts.TicketAttempt, ...]:
        """Return the attempts in `stage` by number, for a driver that starts again.

        In PUBLISHING are those whose hand-over nobody confirmed, in RUNNING those with a worker.
        Costs the size of the plan.
        """
        tickets = self.state.tickets
        return tuple(
            [(ticket.number, ticket.attempt) for ticket in tickets if ticket.stage is stage]
        )

    def apply(self, fact: facts.Fact) -> list[Command]:
        """Return what `fact` asks of the driver, in the order in which it is to be done.

        Raises:
            InvariantViolation: `fact` names a ticket that the plan does not have, or the books no
                longer add up; the driver stops this plan alone and keeps its journal.
        """
        state = self.state
        state.now = max(state.now, fact.at)
        if state.phase is Phase.NEW and not isinstance(fact, facts.DecisionAccepted):
            raise InvariantViolation(f"{state.workflow_id}: {fact.kind} before decision_accepted")
        match fact:
            case facts.TicketSucceeded() | facts.TicketFailed() | facts.TicketStarted():
                self._answered(fact)
            case facts.TicketsPublished():
                self._published(fact)
            case facts.TicketsReturned():
                for number, attempt in fact.tickets:
                    ticket_lifecycle.take_back(state, state.ticket(number), attempt, fact.at)
            case facts.TimePassed():
                deadlines.pass_time(state, fact)
            case facts.DecisionAccepted():
                self._accepted(fact)
            case facts.WorkersChanged():
                self._workers_changed(fact)
            case facts.ApprovalGiven():
                approval.approve(state, fact)
            case facts.ApprovalRefused():
                approval.refuse(state, fact)
            case facts.CancelRequested():
                cancellation.cancel(state, fact)
            case facts.PauseRequested() | facts.ResumeRequested():
                self._paused_or_resumed(fact)
        plan_flow.settle(state, fact.at)
        invariants.check(state)
        return state.take_commands()

    def _published(self, fact: facts.TicketsPublished) -> None:
        state, agents = self.state, fact.agents or (None,) * len(fact.tickets)
        if len(agents) != len(fact.tickets):
            told = f"{len(agents)} agents for {len(fact.tickets)} tickets"
            raise InvariantViolation(f"{state.workflow_id}: {fact.kind} names {told}")
        for (number, attempt), agent in zip(fact.tickets, agents, strict=True):
            ticket_lifecycle.confirm(state, state.ticket(number), attempt, agent, fact.at)

    def _answered(self, fact: facts.Answer) -> None:
        state, ticket = self.state, self.state.ticket(fact.ticket)
        fate = ticket_lifecycle.fate_of_answer(ticket, fact.attempt)
        state.issue(commands.RecordAnswer(ticket.number, fate))
        if fate is not Fate.ACCEPTED:
            return
        match fact:
            case facts.TicketStarted():
                ticket_lifecycle.start(state, ticket, fact.agent, fact.at)
            case facts.TicketSucceeded():
                ticket_lifecycle.complete(state, ticket, fact.agent, fact.at)
            case facts.TicketFailed():
                ticket_lifecycle.fail(state, ticket, fact)
        plan_flow.after_attempt(state, ticket, fact.at)

    def _accepted(self, fact: facts.DecisionAccepted) -> None:
        state = self.state
        if state.phase is not Phase.NEW:
            return
        state.policy, state.accepted_at = fact.policy, fact.at
        state.validation_ms, state.generation_ms = fact.validation_ms, fact.generation_ms
        state.supply = Supply(fact.workers)
        state.trace = trace_of(state.decision, state.workflow_id, fact.traceparent)
        verdict, why = verdict_on(state.decision, fact.findings, fact.at)
        state.invalid = verdict is Verdict.REFUSE_INVALID
        by = fact.submitted_by or ORCHESTRATOR
        state.audit("decision_accepted", by, verdict=verdict, reason=why)
        for finding in fact.findings:
            state.audit(
                "plan_finding",
                code=finding.code,
                severity=finding.severity,
                where=finding.where,
                message=finding.message,
            )
        if verdict in (Verdict.RUN, Verdict.PARK):
            graph = self._graph_under(fact.policy)
            ticket_factory.take_in(state, graph, self._tickets_under(fact.policy, graph))
        match verdict:
            case Verdict.RUN:
                plan_flow.begin(state, fact.at)
            case Verdict.PARK:
                state.phase, state.verdict = Phase.AWAITING_APPROVAL, why
            case Verdict.REJECT:
                plan_flow.end(state, Outcome.REJECTED, why, fact.at)
            case Verdict.EXPIRE:
                plan_flow.end(state, Outcome.EXPIRED, why, fact.at)
            case Verdict.REFUSE_INVALID:
                errors = [f for f in fact.findings if f.severity is Severity.ERROR]
                details = [f"{f.code} at {f.where}: {f.message}" for f in errors]
                incidents.plan_invalid(state, details, fact.at)
                plan_flow.end(state, Outcome.REJECTED, why, fact.at)

    def _graph_under(self, policy: Policy) -> PlanGraph:
        """Return the plan's graph; one drawn under another assumption would order it otherwise."""
        unknown = policy.ticket_timeout_min_ms
        if self._graph is None or self._graph.unknown_estimate_ms != unknown:
            self._graph = PlanGraph(self.state.plan.tasks, unknown)
        return self._graph

    def _tickets_under(self, policy: Policy, graph: PlanGraph) -> list[Ticket]:
        prepared, self._generated = self._generated, None
        if prepared is not None and prepared[0] == policy:
            return prepared[1]
        return ticket_factory.generated_tickets(self.state.decision, graph, policy)

    def _workers_changed(self, fact: facts.WorkersChanged) -> None:
        state = self.state
        state.supply = Supply(fact.workers)
        for number in list(state.starved):
            ticket = state.tickets[number]
            required = ticket_factory.required_of(state, ticket)
            if state.supply.serves(ticket.task_type, required):
                del state.starved[number]
                ticket_lifecycle.feed(state, ticket)

    def _paused_or_resumed(self, fact: facts.PauseRequested | facts.ResumeRequested) -> None:
        paused = isinstance(fact, facts.PauseRequested)
        if self.state.paused != paused and self.state.phase is not Phase.ENDED:
            self.state.paused = paused
            action = "plan_paused" if paused else "plan_resumed"
            self.state.audit(action, fact.by, reason=fact.reason or "")
