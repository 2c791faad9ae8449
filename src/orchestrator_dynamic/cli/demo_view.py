"""What the demonstration shows while it runs: each plan's way, what runs and waits, what happened.

Every call draws anew from the plans as they are; nothing here changes them.
"""

from collections.abc import Sequence
from time import time_ns

from rich.console import ConsoleDimensions, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.cli.happenings import Happening
from orchestrator_dynamic.core.execution_state import ExecutionState, Phase
from orchestrator_dynamic.core.explanation import why_plan, why_ticket
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.core.ticket_factory import task_of
from orchestrator_dynamic.simulation.simulated_worker import UNKNOWN_DURATION_MS

STYLE_OF = {
    Stage.WAITING: "dim",
    Stage.AWAITING_APPROVAL: "bold yellow",
    Stage.READY: "blue",
    Stage.STARVED: "bold red",
    Stage.PUBLISHING: "blue",
    Stage.RUNNING: "bold cyan",
    Stage.BACKING_OFF: "red",
    Stage.COMPLETED: "green",
    Stage.FAILED: "bold red",
    Stage.SKIPPED: "dim",
    Stage.CANCELLED: "dim",
    Stage.COMPENSATING: "magenta",
    Stage.COMPENSATED: "magenta",
}

# What is worth a row first: what moves, then what waits for somebody, then what waits its turn.
_INTEREST = (
    Stage.RUNNING,
    Stage.BACKING_OFF,
    Stage.AWAITING_APPROVAL,
    Stage.STARVED,
    Stage.PUBLISHING,
    Stage.READY,
    Stage.WAITING,
)
_RANK = {stage: rank for rank, stage in enumerate(_INTEREST)}
_BAR_WIDTH = 18
# Two headings, and a line to spare, for a view as high as the terminal would flicker.
_FIXED_LINES, _LINES_A_PLAN, _EVENTS_MIN = 3, 4, 10
# From this width on there is room for whole words.
_WIDE = 110
# How much of the critical path is shown that is over already.
_PATH_BEHIND = 2


def drawn(
    states: Sequence[ExecutionState],
    happenings: Sequence[Happening],
    size: ConsoleDimensions,
    speed: float,
) -> RenderableType:
    """Return the whole view, no larger than `size`.

    Args:
        speed: how many times faster than estimated the workers are.
    """
    now = time_ns() // 1_000_000
    room = max(6, size.height - _FIXED_LINES - _LINES_A_PLAN * len(states))
    rows = [(state, ticket) for state in states for ticket in state.tickets]
    moving = [row for row in rows if row[1].stage in _RANK and row[0].outcome is None]
    moving.sort(key=lambda row: _RANK[row[1].stage])
    # What the tickets leave free shows what has happened.
    events = max(min(_EVENTS_MIN, room // 2), room - len(moving))
    return Group(
        *(_plan(state, now, speed, size.width) for state in states),
        Rule("what runs, and what waits for what", style="dim"),
        _tickets(moving, room - events, now, speed),
        Rule("what happened", style="dim"),
        *(line(one, states[0].accepted_at) for one in happenings[-events:]),
        *([""] * (events - len(happenings))),
    )


def line(happening: Happening, begun_at: int) -> Text:
    """Return one thing that happened as a line, with the time since `begun_at` (epoch ms)."""
    since_s = max(0, happening.at - begun_at) / 1000
    return Text.assemble(
        (f"{since_s:5.1f} s  {happening.plan_id:<14.14} ", "dim"),
        (happening.text, happening.mood.value),
        no_wrap=True,
        overflow="ellipsis",
    )


def _plan(state: ExecutionState, now: int, speed: float, width: int) -> RenderableType:
    head = Table.grid(padding=(0, 2), expand=True)
    head.add_column(width=_BAR_WIDTH)
    head.add_column(no_wrap=True, ratio=1)
    head.add_column(no_wrap=True, justify="right")
    total = len(state.tickets)
    colour = "magenta" if state.verdict and state.undo_counts[Stage.COMPLETED] else "cyan"
    head.add_row(
        ProgressBar(
            total, total - state.open, _BAR_WIDTH, complete_style=colour, finished_style=colour
        ),
        _counts(state),
        _clocks(state, now, speed, width),
    )
    title = Text.assemble((state.plan.plan_id, "bold"), ("  " + why_plan(state), "dim"))
    title.truncate(width - 6, overflow="ellipsis")
    return Panel(Group(head, _path(state)), title=title, title_align="left", border_style="dim")


def _counts(state: ExecutionState) -> Text:
    counted = [(stage, state.counts[stage]) for stage in Stage if state.counts[stage]]
    parts = [(f"{count} {_word(stage)}  ", STYLE_OF[stage]) for stage, count in counted]
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _word(stage: Stage) -> str:
    # A ticket that is handed to the queue of this process is queued.
    return "queued" if stage is Stage.PUBLISHING else stage.lower().replace("_", " ")


def _clocks(state: ExecutionState, now: int, speed: float, width: int) -> Text:
    """Return how long the rest must take at least, and how long it may."""
    graph = state.graph
    if graph is None or state.phase is not Phase.RUNNING or state.deadline_at is None:
        return Text()
    rest = [graph.tail_ms[one.number] for one in state.tickets if not one.terminal]
    path = spoken(round(max(rest, default=0) / speed))
    sla = spoken(max(0, state.deadline_at - now))
    told = f"path {path}, SLA {sla}" if width < _WIDE else f"critical path {path}, SLA left {sla}"
    return Text(told, style="dim")


def _path(state: ExecutionState) -> Text:
    """Return the critical path from about where it is, each task in the colour of its stage."""
    path = [state.tickets[number] for number in state.graph.critical_path()] if state.graph else []
    over = sum(ticket.terminal for ticket in path)
    first = max(0, over - _PATH_BEHIND) if state.phase is Phase.RUNNING else 0
    parts: list[tuple[str, str]] = [("… › ", "dim")] if first else []
    for ticket in path[first:]:
        parts += [(ticket.task_id, STYLE_OF[ticket.stage]), (" › ", "dim")]
    return Text.assemble(*parts[:-1], overflow="ellipsis", no_wrap=True)


def _tickets(
    rows: Sequence[tuple[ExecutionState, Ticket]], height: int, now: int, speed: float
) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False, expand=True)
    table.add_column(no_wrap=True, width=22)
    table.add_column(no_wrap=True, width=_BAR_WIDTH)
    table.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
    shown = rows if len(rows) <= height else rows[: height - 1]
    for state, ticket in shown:
        table.add_row(_name(ticket), *_progress(state, ticket, now, speed))
    if len(shown) < len(rows):
        more = f"… and {len(rows) - len(shown)} more wait"
        table.add_row("", "", Text(more, style="dim"))
    return table


def _name(ticket: Ticket) -> Text:
    mark = "↶ " if ticket.undoes is not None else ""
    return Text(f"{mark}{ticket.task_id}", style=STYLE_OF[ticket.stage])


def _progress(
    state: ExecutionState, ticket: Ticket, now: int, speed: float
) -> tuple[RenderableType, RenderableType]:
    colour = STYLE_OF[ticket.stage]
    if ticket.stage is not Stage.RUNNING:
        return Text(_word(ticket.stage), style=colour), Text(_why(state, ticket, now), style=colour)
    estimate = (task_of(state, ticket).estimated_duration_ms or UNKNOWN_DURATION_MS) / speed
    so_far = min(estimate, max(0, now - (ticket.published_at or now)))
    if ticket.undoes is not None:
        return ProgressBar(estimate, so_far, _BAR_WIDTH, complete_style="magenta"), "is undone"
    again = f" (attempt {ticket.attempt})" if ticket.attempt > 1 else ""
    bar = ProgressBar(estimate, so_far, _BAR_WIDTH, complete_style="cyan")
    return bar, f"{task_of(state, ticket).description}{again}"


def _why(state: ExecutionState, ticket: Ticket, now: int) -> str:
    if ticket.stage is Stage.BACKING_OFF and ticket.retry_at is not None:
        wait = spoken(max(0, ticket.retry_at - now))
        return f"attempt {ticket.attempt} failed ({ticket.error}); again in {wait}"
    return why_ticket(state, ticket)
