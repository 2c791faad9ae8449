"""What `orq run` shows at a terminal: lines that stay, and below them the plans that are open.

A redraw costs the plans that are shown, never their tickets.
"""

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from time import monotonic, time_ns

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator_dynamic.cli.audience import name_of, progress_of
from orchestrator_dynamic.cli.durations import spoken
from orchestrator_dynamic.cli.plan_results import PlanResult, lines_about
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.core.explanation import why_plan
from orchestrator_dynamic.core.telemetry_frame import metrics_of
from orchestrator_dynamic.observability.logging import configure_logging
from orchestrator_dynamic.runtime.open_plan import OpenPlan

PLANS_SHOWN_MAX = 12
_BAR_WIDTH = 24


class LiveAudience:
    """Tells people at a terminal. See `Audience`."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console = console
        self._live = live
        self._began = monotonic()

    def began(self, plan: OpenPlan, source: str, how: str) -> None:
        """Say nothing: the plan appears in the table."""

    def waits(self, plan: OpenPlan, source: str, what: str, remedy: str) -> None:
        """As the protocol says."""
        self._say(f"{name_of(plan)} ({source}): {what}; {remedy}", "yellow")

    def ended(self, result: PlanResult) -> None:
        """As the protocol says."""
        style = "green" if result.well else "red"
        for line in lines_about(result):
            self._say(line, style)

    def left(self, result: PlanResult) -> None:
        """As the protocol says."""
        for line in lines_about(result):
            self._say(line, "yellow")

    def moved(self, plans: Collection[OpenPlan]) -> None:
        """As the protocol says: redraw."""
        self._live.update(self._drawn(plans) if plans else Text(), refresh=True)

    def _say(self, line: str, style: str) -> None:
        name, colon, rest = line.partition(": ")
        self._console.print(Text.assemble((name, f"bold {style}"), colon, rest), soft_wrap=True)

    def _drawn(self, plans: Collection[OpenPlan]) -> RenderableType:
        elapsed = spoken(round((monotonic() - self._began) * 1000))
        head = Text(f"{elapsed}  {len(plans):,} open, {progress_of(plans)}", style="dim")
        more = len(plans) - PLANS_SHOWN_MAX
        tail = [Text(f"… and {more:,} more", style="dim")] if more > 0 else []
        return Group(head, table_of(list(islice(plans, PLANS_SHOWN_MAX))), *tail)


@contextmanager
def live_audience(console: Console, settings: Settings) -> Iterator[LiveAudience]:
    """Yield an audience at a terminal; what is logged meanwhile appears above the table."""
    with Live(
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=sys.stderr.isatty(),
    ) as live:
        # Once more, for what is written to standard error now goes through the display.
        configure_logging(settings.log_level, settings.log_format)
        yield LiveAudience(console, live)


def table_of(plans: Sequence[OpenPlan]) -> Table:
    """Return a row for each of `plans`."""
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("plan", no_wrap=True, style="bold", ratio=2)
    table.add_column("", width=_BAR_WIDTH)
    for name in ("ended", "out", "failed", "retried", "SLA left"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("now", no_wrap=True, ratio=3, overflow="ellipsis")
    now = time_ns() // 1_000_000
    for plan in plans:
        table.add_row(*_row(plan, now))
    return table


def _row(plan: OpenPlan, now: int) -> tuple[RenderableType, ...]:
    state, numbers = plan.state, metrics_of(plan.state)
    total = len(state.tickets)
    over = total - state.open
    colour = "red" if numbers.tickets_failed else "cyan"
    return (
        name_of(plan),
        ProgressBar(total or 1, over, _BAR_WIDTH, complete_style=colour),
        f"{over:,}/{total:,}",
        f"{state.in_flight:,}",
        f"{numbers.tickets_failed:,}",
        f"{numbers.tickets_retried:,}",
        _left(state.deadline_at, now),
        why_plan(state),
    )


def _left(deadline: int | None, now: int) -> Text:
    if deadline is None:
        return Text("–")
    if deadline >= now:
        return Text(spoken(deadline - now))
    return Text(f"{spoken(now - deadline)} late", style="red")
