"""An ended plan along time: a row a ticket, with its waits, attempts and retries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from rich.table import Table
from rich.text import Text

from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.ports.store import Store, StoredTicket, StoredWorkflow, TimelineEntry

_BARS_WIDTH_MIN, _NOTES_WIDTH, _GAP = 24, 28, 1

# Of a plan's whole time; a wait for a worker that is shorter than this is no wait to speak of.
_SHORTEST_WAIT_SHARE = 60


class Kind(Enum):
    """What a stretch of time was spent on: how it is drawn, in which colour, and its name."""

    APPROVAL = ("?", "yellow", "waits for a person")
    QUEUED = ("·", "dim", "waits for a worker")
    RAN = ("█", "green", "runs")
    FAILED = ("▒", "red", "fails")
    BACKING_OFF = ("┄", "red", "waits for its retry")
    UNDONE = ("▓", "magenta", "is undone")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time from `begin` to `end`, epoch ms."""

    kind: Kind
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket's time. `note` says what the stretches do not."""

    name: str
    stretches: tuple[Stretch, ...]
    note: str

    @property
    def begin(self) -> int:
        """When it first had to do with the plan's progress."""
        return self.stretches[0].begin


async def rows_of(store: Store, workflow: StoredWorkflow) -> list[Row]:
    """Return a row for each ticket that was ready once, in the order of their beginnings."""
    asked = {
        entry.detail.get("task_id", ""): entry.at
        for entry in await store.audit(workflow)
        if entry.action == "step_awaits_approval"
    }
    ended_at = workflow.ended_at or workflow.accepted_at
    shortest = (ended_at - workflow.accepted_at) // _SHORTEST_WAIT_SHARE
    rows = []
    for ticket in await store.tickets(workflow):
        history = await store.history(workflow, ticket)
        asked_at = None if ticket.undoes is not None else asked.get(ticket.task_id)
        stretches = tuple(
            stretch
            for stretch in _stretches(ticket, history, asked_at)
            if stretch.kind is not Kind.QUEUED or stretch.end - stretch.begin > shortest
        )
        if stretches:
            rows.append(Row(_name(ticket), stretches, _note(ticket)))
    return sorted(rows, key=lambda row: row.begin)


def drawn(rows: Sequence[Row], width: int) -> Table:
    """Return `rows` as bars over the same time, in all as wide as `width` characters."""
    names = max((len(row.name) for row in rows), default=0)
    bars = max(_BARS_WIDTH_MIN, width - names - _NOTES_WIDTH - 2 * _GAP)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, _GAP, 0, 0))
    table.add_column(no_wrap=True, width=names)
    table.add_column(no_wrap=True, width=bars)
    table.add_column(no_wrap=True, width=_NOTES_WIDTH, overflow="ellipsis", style="dim")
    begin = min((row.begin for row in rows), default=0)
    end = max((stretch.end for row in rows for stretch in row.stretches), default=0)
    for row in rows:
        table.add_row(Text(row.name), bar(row, begin, end, bars), Text(row.note))
    took = spoken(end - begin)
    table.add_row("", Text(f"0 s{took:>{bars - 3}}", style="dim"), "")
    return table


def bar(row: Row, begin: int, end: int, width: int) -> Text:
    """Return one row's bar; what lasted at all is at least one character wide."""
    span = max(1, end - begin)
    cells: list[tuple[str, str]] = [(" ", "")] * width
    for stretch in row.stretches:
        first = min(width - 1, (stretch.begin - begin) * width // span)
        last = max(first + 1, -(-(stretch.end - begin) * width // span))
        cells[first:last] = [stretch.kind.value[:2]] * (min(last, width) - first)
    return Text.assemble(*cells)


def legend(rows: Sequence[Row]) -> Text:
    """Return what the characters in `rows` mean."""
    seen = {stretch.kind for row in rows for stretch in row.stretches}
    parts: list[str | tuple[str, str]] = []
    for kind in Kind:
        if kind in seen:
            parts += [kind.value[:2], f" {kind.value[2]}   "]
    return Text.assemble(*parts)


def _stretches(
    ticket: StoredTicket, history: Sequence[TimelineEntry], asked_at: int | None
) -> Iterator[Stretch]:
    """Yield what is known; when earlier attempts became ready is not."""
    ready_at = ticket.ready_at
    if asked_at is not None and ready_at is not None:
        yield Stretch(Kind.APPROVAL, asked_at, ready_at)
    attempts = list(_attempts(history, Kind.RAN if ticket.undoes is None else Kind.UNDONE))
    if attempts and ready_at is not None and ready_at < attempts[0].begin:
        yield Stretch(Kind.QUEUED, ready_at, attempts[0].begin)
    for number, attempt in enumerate(attempts):
        if number:
            yield Stretch(Kind.BACKING_OFF, attempts[number - 1].end, attempt.begin)
        yield attempt


def _attempts(history: Sequence[TimelineEntry], well: Kind) -> Iterator[Stretch]:
    begun: int | None = None
    for entry in history:
        match entry.kind:
            case "tickets_published":
                begun = entry.at
            case "ticket_succeeded" | "ticket_failed" if begun is not None:
                kind = well if entry.kind == "ticket_succeeded" else Kind.FAILED
                yield Stretch(kind, begun, entry.at)
                begun = None
            case _:
                pass


def _name(ticket: StoredTicket) -> str:
    return f"↶ {ticket.task_id}" if ticket.undoes is not None else ticket.task_id


def _note(ticket: StoredTicket) -> str:
    """Return what a bar cannot show: who did it, how often it was tried, how it failed."""
    tried = f", {ticket.attempt} attempts" if ticket.attempt > 1 else ""
    if ticket.stage is Stage.FAILED:
        return f"{ticket.error}{tried}"
    return f"{ticket.agent or ''}{tried}"
