"""What has been recorded, for people and programs to read: the other side of the ledger.

Everything here may be asked beside a running engine, which is not held up by it. Moments are epoch
milliseconds (UTC), None where it has not come to that.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType, TicketStatus
from orchestrator_dynamic.ports.dead_letters import DeadLetter, DeadLetterPage
from orchestrator_dynamic.ports.filters import EVERY_TICKET, TicketFilter, WorkflowFilter
from orchestrator_dynamic.ports.records import StoredPlan

# No answer is longer, whatever is asked for: a page is read by somebody.
PAGE_MAX = 1_000


class NotFound(InvalidInput):
    """Nothing is known under the name that was given."""

    def __init__(self, message: str) -> None:
        super().__init__("not_found", [Finding("not_found", Severity.ERROR, "id", message)])


class Ambiguous(InvalidInput):
    """Several things have the name that was given; the message lists them."""

    def __init__(self, message: str) -> None:
        super().__init__("ambiguous", [Finding("ambiguous", Severity.ERROR, "id", message)])


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWorkflow:
    """One plan on its way, or at its end.

    Attributes:
        key: its place among all workflows; a later one has a larger key.
        phase: where it is; HALTED where a fault of ours stopped it, PRUNING while it is deleted.
        outcome: None while it has none.
        reason: why it ended as it did, or why it waits for approval.
        tasks, completed, failed, compensated, retried: counts of its tasks, as of now.
    """

    key: int
    workflow_id: WorkflowId
    decision_id: str
    plan_id: str
    intent_id: str
    risk_band: str
    priority: str
    phase: str
    paused: bool
    outcome: Outcome | None
    reason: str
    tasks: int
    completed: int
    failed: int
    compensated: int
    retried: int
    sla_violations: int
    incidents: int
    critical_path_ms: int
    queue_ms: int
    execution_ms: int
    accepted_at: int
    started_at: int | None
    deadline_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    """Some workflows, newest first; `next` asks for those that follow, None after the last."""

    workflows: tuple[StoredWorkflow, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a workflow ended, known even after it has been pruned.

    Attributes:
        outcome: None where it is still open, or was halted.
        pruned_at: when its records were deleted; None while they are kept.
    """

    workflow_id: WorkflowId
    outcome: Outcome | None
    phase: str
    reason: str
    ended_at: int | None
    pruned_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicket:
    """A ticket as it is now.

    `undoes` is the number of the ticket that it compensates, `progress` what its worker last said.
    """

    number: int
    ticket_id: str
    task_id: str
    task_type: TaskType
    undoes: int | None
    timeout_ms: int
    stage: Stage
    status: TicketStatus
    attempt: int
    ready_at: int | None
    deadline_at: int | None
    published_at: int | None
    started_at: int | None
    ended_at: int | None
    agent: str | None
    error: str | None
    progress: str | None

    @property
    def run_ms(self) -> int | None:
        """How long its last attempt ran; None before it ended, and where it never ran."""
        begun = self.started_at if self.started_at is not None else self.published_at
        if begun is None or self.ended_at is None:
            return None
        return max(0, self.ended_at - begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One fact of a plan's journal, with the names of the tasks that it concerns.

    Attributes:
        attempt: of the one ticket that it concerns; None where there are several or none.
        by: the person or service that asked for it.
    """

    seq: int
    at: int
    kind: str
    tasks: tuple[str, ...]
    attempt: int | None
    agent: str | None
    error: str | None
    by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, and why."""

    at: int
    action: str
    actor: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What a worker answered, and what became of it."""

    ticket_id: str
    attempt: int | None
    at: int
    status: str
    fate: str
    agent: str
    duration_ms: int | None
    error: str | None
    output: Mapping[str, str]
    metadata: Mapping[str, str]
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How a decision came in."""

    envelope: str
    source: str
    received_at: int
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message for the bus; `sent_at` is None while it waits in the buffer."""

    id: int
    topic: str
    key: str
    value: str
    created_at: int
    sent_at: int | None


class Store(Protocol):
    """Reads what an engine has recorded. Each answer is one moment's; see `snapshot` for more.

    Tasks of one event loop may share a store, and ask it at the same time.
    """

    def snapshot(self) -> AbstractAsyncContextManager[None]:
        """Return a context in which all answers to its task are of the same moment.

        Keep it short: await nothing but the store in it, and open no other one. What other tasks
        ask meanwhile may be answered as of that moment too.
        """
        ...

    async def workflows(
        self, wanted: WorkflowFilter, *, limit: int = 50, after: str | None = None
    ) -> WorkflowPage:
        """Return workflows that `wanted` describes, newest first, at most `PAGE_MAX`.

        A search may look at all of them.

        Args:
            after: `next` of the page before.

        Raises:
            InvalidInput: `after` came from no page.
        """
        ...

    async def workflow(self, name: str) -> StoredWorkflow:
        """Return the workflow that `name` means.

        Args:
            name: a workflow, decision or plan id, or the beginning of one.

        Raises:
            NotFound: nothing is known under this name, or it has been pruned.
            Ambiguous: several workflows have this name; the message lists them.
        """
        ...

    async def workflow_by_id(self, workflow_id: WorkflowId) -> StoredWorkflow:
        """Return the workflow of this very id.

        Raises:
            NotFound: there is none, or it has been pruned.
        """
        ...

    async def workflow_of_ticket(self, ticket_id: TicketId) -> StoredWorkflow:
        """Return the workflow that the ticket of this very id belongs to.

        Raises:
            NotFound: nobody knows the ticket.
        """
        ...

    async def latest_of_plan(self, plan_id: str) -> StoredWorkflow:
        """Return the workflow of a plan that was accepted last.

        Raises:
            NotFound: the plan was never decided on.
        """
        ...

    async def ending(self, workflow_id: WorkflowId) -> Ending | None:
        """Return how a workflow ended, also where it was pruned; None where there never was one."""
        ...

    async def arrival(self, workflow: StoredWorkflow) -> Arrival:
        """Return how the decision of `workflow` came in."""
        ...

    async def stages(self, workflow: StoredWorkflow) -> Mapping[Stage, int]:
        """Return how many of its tasks are in each stage; compensations are not counted."""
        ...

    async def tickets(
        self,
        workflow: StoredWorkflow,
        *,
        limit: int | None = None,
        after: int = -1,
        wanted: TicketFilter = EVERY_TICKET,
    ) -> tuple[StoredTicket, ...]:
        """Return the tickets with numbers above `after`: tasks in plan order, compensations last.

        Args:
            limit: None for all that there are.
        """
        ...

    async def ticket(self, workflow: StoredWorkflow, name: str) -> StoredTicket:
        """Return the ticket that `name` means: a task id, a ticket id or the beginning of one.

        A task id means the task's own ticket, not the one that undoes it.

        Raises:
            NotFound: it has no such ticket.
            Ambiguous: several tickets begin like this; the message lists them.
        """
        ...

    async def timeline(
        self,
        workflow: StoredWorkflow,
        *,
        last: int | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> tuple[TimelineEntry, ...]:
        """Return the facts of its journal, oldest first.

        That time has passed is left out: it is no news by itself.

        Args:
            last: only so many of the newest.
            after: only those whose `seq` is larger.
            limit: at most so many, the oldest of them; not together with `last`.
        """
        ...

    async def last_seq(self, workflow: StoredWorkflow) -> int:
        """Return the `seq` of the last fact of its journal; 0 where there is none."""
        ...

    async def decision(self, workflow: StoredWorkflow) -> bytes:
        """Return its decision as it is kept: canonical JSON."""
        ...

    async def history(
        self, workflow: StoredWorkflow, ticket: StoredTicket
    ) -> tuple[TimelineEntry, ...]:
        """Return the facts that concern `ticket`, oldest first."""
        ...

    async def answers(
        self, workflow: StoredWorkflow, ticket: StoredTicket
    ) -> tuple[StoredAnswer, ...]:
        """Return what workers answered to `ticket`, oldest first."""
        ...

    async def audit(self, workflow: StoredWorkflow) -> tuple[AuditEntry, ...]:
        """Return who did what, oldest first."""
        ...

    async def incidents(self, workflow: StoredWorkflow) -> tuple[OrchestrationIncident, ...]:
        """Return the incidents that were raised, oldest first."""
        ...

    async def telemetry(self, workflow: StoredWorkflow) -> TelemetryFrame | None:
        """Return the one frame that tells its story; None before it has ended."""
        ...

    async def messages(
        self, *, topic: str | None = None, buffered_only: bool = False, limit: int = 50
    ) -> tuple[StoredMessage, ...]:
        """Return messages for the bus, newest first, at most `PAGE_MAX`."""
        ...

    async def stored_plan(self, workflow: StoredWorkflow) -> StoredPlan:
        """Return the decision and the journal of `workflow`, from which its state can be folded."""
        ...

    async def dead_letters(self, *, limit: int = 50, after: str | None = None) -> DeadLetterPage:
        """Return dead letters without their bodies, newest first, at most `PAGE_MAX`.

        Raises:
            InvalidInput: `after` came from no page.
        """
        ...

    async def dead_letter(self, letter_id: int) -> tuple[DeadLetter, bytes]:
        """Return a dead letter and what is kept of its body.

        Raises:
            NotFound: there is none with this number.
        """
        ...
