"""All that is known about one plan under way, owned by its `PlanExecution`.

Only the core changes it. Whoever changes a ticket says so with `touch`, whoever wants something
done says so with `issue`; `PlanExecution.apply` hands both to the driver.
"""

from enum import StrEnum

from orchestrator_dynamic.core import commands
from orchestrator_dynamic.core.due_queue import DueQueue
from orchestrator_dynamic.core.plan_graph import PlanGraph
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ready_queue import ReadyQueue
from orchestrator_dynamic.core.supply import Supply
from orchestrator_dynamic.core.ticket import IN_FLIGHT, TERMINAL, Stage, Ticket
from orchestrator_dynamic.core.trace_context import trace_of
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome

ORCHESTRATOR = "orchestrator"


class Phase(StrEnum):
    """Where a plan is. Pausing is no phase: a plan can be paused in each of them."""

    NEW = "NEW"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    RUNNING = "RUNNING"
    DRAINING = "DRAINING"  # a ticket failed for good; what is in flight may end
    COMPENSATING = "COMPENSATING"
    CANCELLING = "CANCELLING"  # what is in flight has a last moment to answer
    ENDED = "ENDED"


class ExecutionState:
    """One plan's tickets, queues and counters.

    Attributes:
        tickets: by number; the plan's tasks first, then compensations in the order of their run.
        counts: how many of the plan's tasks are in each stage.
        undo_counts: the same for compensations.
        open: how many tickets are not terminal yet.
        in_flight: how many tickets are out with the bus or a worker.
        starved: the numbers of the tickets that no known worker can execute.
        gated: the numbers of the steps that wait for a person at their turn.
        trace: the trace that all of it belongs to.
    """

    def __init__(self, workflow_id: WorkflowId, decision: ConsolidatedDecision) -> None:
        self.workflow_id = workflow_id
        self.decision = decision
        self.plan = decision.cognitive_plan
        self.phase = Phase.NEW
        self.paused = False
        self.policy = Policy()
        self.outcome: Outcome | None = None
        self.verdict = ""
        self.invalid: bool | None = None
        self.tickets: list[Ticket] = []
        self.graph: PlanGraph | None = None
        self.gated: frozenset[int] = frozenset()
        self.compensation_broken = False
        self.cancel_ignored = False
        self.scores: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self.supply = Supply(None)
        self.ready = ReadyQueue()
        self.starved: dict[int, None] = {}
        self.due = DueQueue()
        self._reset_counts()
        self._reset_moments()
        self.now = 0
        self.trace = trace_of(decision, workflow_id, None)
        self._issued: list[commands.Command] = []
        self._touched: dict[int, None] = {}

    def _reset_counts(self) -> None:
        self.counts = dict.fromkeys(Stage, 0)
        self.undo_counts = dict.fromkeys(Stage, 0)
        self.open = 0
        self.in_flight = 0
        self.retries = 0
        self.sla_violations = 0
        self.incidents = 0
        self.critical_path_ms = 0
        self.queue_ms = 0
        self.execution_ms = 0

    def _reset_moments(self) -> None:
        self.accepted_at = 0
        self.validation_ms = 0
        self.generation_ms = 0
        self.started_at: int | None = None
        self.first_released_at: int | None = None
        self.last_ended_at: int | None = None
        self.ended_at: int | None = None
        self.deadline_at: int | None = None
        self.sla_step = 0
        self.cancel_until: int | None = None

    def ticket(self, number: int) -> Ticket:
        """Return the ticket with this number.

        Raises:
            InvariantViolation: there is none; whoever asks has mistaken the plan.
        """
        if 0 <= number < len(self.tickets):
            return self.tickets[number]
        raise InvariantViolation(f"{self.workflow_id} has no ticket number {number}")

    def tail_ms(self, ticket: Ticket) -> int:
        """Return the longest way from `ticket` to the end of the plan; 0 for a compensation."""
        return self.graph.tail_ms[ticket.number] if self.graph and ticket.undoes is None else 0

    def add(self, ticket: Ticket) -> None:
        """Take in a new ticket, whose number must be the next."""
        self.tickets.append(ticket)
        self._counts_of(ticket)[ticket.stage] += 1
        self.open += 1
        self.touch(ticket)

    def move(self, ticket: Ticket, stage: Stage) -> None:
        """Put `ticket` into `stage`, and keep every count right."""
        before, counts = ticket.stage, self._counts_of(ticket)
        counts[before] -= 1
        counts[stage] += 1
        self.in_flight += (stage in IN_FLIGHT) - (before in IN_FLIGHT)
        self.open += (before in TERMINAL) - (stage in TERMINAL)
        ticket.stage = stage
        self._touched[ticket.number] = None

    def _counts_of(self, ticket: Ticket) -> dict[Stage, int]:
        return self.counts if ticket.undoes is None else self.undo_counts

    def touch(self, ticket: Ticket) -> None:
        """Say that `ticket` has changed and must be recorded."""
        self._touched[ticket.number] = None

    def issue(self, command: commands.Command) -> None:
        """Ask the driver for `command`, after those asked for before."""
        self._issued.append(command)

    def audit(self, action: str, actor: str = ORCHESTRATOR, **detail: str) -> None:
        """Ask for an audit entry."""
        self.issue(commands.RecordAudit(action, actor, tuple(detail.items())))

    def take_commands(self) -> list[commands.Command]:
        """Return what has been asked for since the last call, records of tickets first."""
        issued, self._issued = self._issued, []
        if self._touched:
            issued.insert(0, commands.RecordTickets(tuple(self._touched)))
            self._touched = {}
        return issued
