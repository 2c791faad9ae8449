"""The durable memory of the embedded engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator_dynamic.ports.records import (
    AnswerRecord,
    AuditRecord,
    DeadLetterRecord,
    DecisionRecord,
    FactRecord,
    IncidentRecord,
    MessageRecord,
    OperatorRequest,
    ProgressRecord,
    RequestReply,
    StoredPlan,
    TicketChange,
    TicketPlace,
    TicketRecord,
    WorkflowRecord,
)


@dataclass(slots=True)
class Batch:
    """Everything that becomes durable together, or not at all.

    `tickets` are new rows and come before `changes`, which may concern the same ones.

    Attributes:
        number: under which the ledger keeps the batch a second time, until it has been copied; None
            where nothing is copied.
        copied: batches up to this number have been copied to where they were to go, and need not
            be kept for that any more; None where nothing is copied.
    """

    facts: list[FactRecord] = field(default_factory=list)
    decisions: list[DecisionRecord] = field(default_factory=list)
    workflows: dict[int, WorkflowRecord] = field(default_factory=dict)
    tickets: list[TicketRecord] = field(default_factory=list)
    changes: list[TicketChange] = field(default_factory=list)
    progress: list[ProgressRecord] = field(default_factory=list)
    answers: list[AnswerRecord] = field(default_factory=list)
    audit: list[AuditRecord] = field(default_factory=list)
    incidents: list[IncidentRecord] = field(default_factory=list)
    messages: list[MessageRecord] = field(default_factory=list)
    dead_letters: list[DeadLetterRecord] = field(default_factory=list)
    replies: list[RequestReply] = field(default_factory=list)
    number: int | None = None
    copied: int | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.facts
            or self.answers
            or self.changes
            or self.audit
            or self.dead_letters
            or self.replies
            or self.messages
            or self.progress
            or self.workflows
        )


class Ledger(Protocol):
    """The journal and what is recorded beside it. Its engine is the only writer.

    Attributes:
        commits: how many batches have become durable since it was opened.
    """

    commits: int

    async def commit(self, batch: Batch) -> None:
        """Return once all of `batch` survives a power cut.

        Raises:
            StorageFailed: nothing of it may be durable; the caller must stop and tell nobody.
        """
        ...

    def open_plans(self) -> Iterator[StoredPlan]:
        """Yield every plan without an outcome, oldest first, with its journal in order."""
        ...

    def next_workflow(self) -> int:
        """Return a workflow key that no stored plan has: one more than the largest."""
        ...

    def decision_hash(self, decision_id: str) -> tuple[str, str] | None:
        """Return the content hash and workflow id of a decision that was taken in, or None."""
        ...

    def outcome_of(self, workflow_id: str) -> str | None:
        """Return how a plan ended, pruned or not; None where it has not, or never was."""
        ...

    def place_of(self, ticket_id: str) -> TicketPlace | None:
        """Return where a ticket belongs, or None where there never was one of this id."""
        ...

    def requests(self) -> Sequence[OperatorRequest]:
        """Return what operators have asked for from other processes, oldest first.

        Cheap where nothing has changed since the last call, so that it can be asked often.
        """
        ...
