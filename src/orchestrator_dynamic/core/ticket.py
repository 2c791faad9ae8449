"""The state of one ticket: mutable, owned by its plan, changed only by the core."""

from enum import StrEnum

from orchestrator_dynamic.models.ids import TaskId, TicketId
from orchestrator_dynamic.models.vocabulary import TaskType, TicketStatus


class Stage(StrEnum):
    """Where a ticket is. Finer than the contract's status, which `STATUS_OF` gives."""

    WAITING = "WAITING"  # for the tickets it depends on
    AWAITING_APPROVAL = "AWAITING_APPROVAL"  # for a person to approve this step
    READY = "READY"  # for its turn
    STARVED = "STARVED"  # for a worker that has what it requires
    PUBLISHING = "PUBLISHING"  # handed to the bus, which has not confirmed yet
    RUNNING = "RUNNING"  # the bus has confirmed; a worker's answer is awaited
    BACKING_OFF = "BACKING_OFF"  # an attempt failed; the next one is due later
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"  # never ran: what it depends on failed, or the plan was stopped
    CANCELLED = "CANCELLED"  # its plan was cancelled
    COMPENSATING = "COMPENSATING"  # had completed, is being undone
    COMPENSATED = "COMPENSATED"


IN_FLIGHT = frozenset({Stage.PUBLISHING, Stage.RUNNING})
TERMINAL = frozenset(
    {Stage.COMPLETED, Stage.FAILED, Stage.SKIPPED, Stage.CANCELLED, Stage.COMPENSATED}
)
# A ticket that never was on the wire keeps the status PENDING, also where it never will be.
STATUS_OF = {
    Stage.WAITING: TicketStatus.PENDING,
    Stage.AWAITING_APPROVAL: TicketStatus.PENDING,
    Stage.READY: TicketStatus.PENDING,
    Stage.STARVED: TicketStatus.PENDING,
    Stage.PUBLISHING: TicketStatus.PENDING,
    Stage.RUNNING: TicketStatus.RUNNING,
    Stage.BACKING_OFF: TicketStatus.PENDING,
    Stage.COMPLETED: TicketStatus.COMPLETED,
    Stage.FAILED: TicketStatus.FAILED,
    Stage.SKIPPED: TicketStatus.PENDING,
    Stage.CANCELLED: TicketStatus.FAILED,
    Stage.COMPENSATING: TicketStatus.COMPENSATING,
    Stage.COMPENSATED: TicketStatus.COMPENSATED,
}


class Ticket:
    """One task, or the undoing of one, issued for execution.

    Attributes:
        number: its place among the plan's tickets; tasks first, in plan order.
        attempt: the attempt that is under way or was last; 0 before the first.
        waiting: how many of the tickets it depends on have not completed.
        timeout_ms: what an attempt may take, and what the SLA allows from `ready_at` on.
        sla_step: how many milestones of its present deadline have passed (see `sla`).
        due: when time alone changes something about it, in epoch ms; 0 where never.
        path_ms: the longest way, by real run times, from the plan's start to this ticket's start.
        undoes, undone_by: the numbers that link a compensation and its original.
    """

    __slots__ = (
        "agent",
        "attempt",
        "deadline_at",
        "due",
        "ended_at",
        "error",
        "number",
        "path_ms",
        "published_at",
        "ready_at",
        "retry_at",
        "returned_at",
        "run_until",
        "score",
        "sla_step",
        "stage",
        "started_at",
        "starved_at",
        "starved_reported",
        "task_id",
        "task_type",
        "ticket_id",
        "timed_out",
        "timeout_ms",
        "undoes",
        "undone_by",
        "violated",
        "waiting",
        "warned",
    )

    def __init__(
        self,
        number: int,
        ticket_id: TicketId,
        task_id: TaskId,
        task_type: TaskType,
        timeout_ms: int,
        waiting: int,
    ) -> None:
        self.number = number
        self.ticket_id = ticket_id
        self.task_id = task_id
        self.task_type = task_type
        self.timeout_ms = timeout_ms
        self.waiting = waiting
        self.stage = Stage.WAITING
        self.attempt = 0
        self.score = 0.0
        self.sla_step = 0
        self.due = 0
        self.path_ms = 0
        self.error: str | None = None
        self.agent: str | None = None
        self.starved_reported = False
        self.timed_out = False  # how the last attempt that ended did not end well
        self.warned = False
        self.violated = False
        # Moments in epoch milliseconds; None where it has not come to that.
        self.ready_at: int | None = None  # dependencies done, of the present attempt
        self.deadline_at: int | None = None  # ready_at + timeout_ms
        self.starved_at: int | None = None
        self.published_at: int | None = None
        self.started_at: int | None = None
        self.run_until: int | None = None
        self.retry_at: int | None = None
        self.returned_at: int | None = None  # so that a return heard twice is one
        self.ended_at: int | None = None
        self.undoes: int | None = None
        self.undone_by: int | None = None

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.stage in TERMINAL

    @property
    def in_flight(self) -> bool:
        """Whether an attempt is out with the bus or a worker."""
        return self.stage in IN_FLIGHT

    @property
    def retry_count(self) -> int:
        """How many attempts there were after the first."""
        return max(0, self.attempt - 1)

    @property
    def run_ms(self) -> int:
        """How long its last attempt ran, by our own clock; 0 before it ended."""
        begun = self.started_at if self.started_at is not None else self.published_at
        return max(0, self.ended_at - begun) if self.ended_at and begun is not None else 0
