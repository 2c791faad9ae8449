"""What is new of a plan, in the form in which it is told to whoever watches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orchestrator_dynamic.core.ticket import Ticket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.records import WorkflowRecord
from orchestrator_dynamic.ports.store import StoredTicket, StoredWorkflow, TimelineEntry
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.wire import timeline


class Row(NamedTuple):
    """A ticket as it is now, as small as it can be; `number` and `undoes` as in `StoredTicket`."""

    number: int
    stage: str
    attempt: int
    ready_at: int | None
    deadline_at: int | None
    published_at: int | None
    started_at: int | None
    ended_at: int | None
    agent: str | None
    error: str | None
    progress: str | None
    undoes: int | None


@dataclass(slots=True)
class News:
    """What is new of one plan, up to its fact `seq`.

    Attributes:
        entries: what has happened, in order.
        rows: the tickets that have changed, by number.
        workflow: how it is now; None where that has not changed.
        ended: whether nothing more will happen to it.
        reload: whether tickets have changed that are not in `rows`.
    """

    seq: int
    entries: list[TimelineEntry] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    workflow: StoredWorkflow | None = None
    ended: bool = False
    reload: bool = False


def row_of(ticket: StoredTicket | Ticket, progress: str | None) -> Row:
    """Return a ticket as a row, whether it is on record or in memory.

    Args:
        progress: what its worker last said of how far it has come.
    """
    return Row(
        ticket.number,
        ticket.stage.value,
        ticket.attempt,
        ticket.ready_at,
        ticket.deadline_at,
        ticket.published_at,
        ticket.started_at,
        ticket.ended_at,
        ticket.agent,
        ticket.error,
        progress,
        ticket.undoes,
    )


def workflow_of(record: WorkflowRecord) -> StoredWorkflow:
    """Return a workflow as the store would."""
    fields = record._asdict()
    fields["key"] = fields.pop("workflow")
    fields["paused"] = bool(fields["paused"])
    if fields["outcome"] is not None:
        fields["outcome"] = Outcome(fields["outcome"])
    return StoredWorkflow(**fields)


def entries_in(step: Step, plan: OpenPlan, after: int) -> Sequence[TimelineEntry]:
    """Return what a turn has told `plan` beyond its fact `after`."""
    tickets = plan.state.tickets
    entries = []
    for fact in step.batch.facts:
        if fact.workflow != plan.workflow or fact.seq <= after or fact.kind == timeline.NO_NEWS:
            continue
        body = timeline.body_of(fact)
        numbers = [number for number in timeline.numbers_in(body) if number < len(tickets)]
        names = {number: _name(tickets[number]) for number in numbers}
        entries.append(timeline.entry(fact, body, names))
    return entries


def _name(ticket: Ticket) -> str:
    return ticket.task_id if ticket.undoes is None else timeline.undoing(ticket.task_id)
