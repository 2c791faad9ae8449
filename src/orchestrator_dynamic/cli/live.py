"""What `orq run` shows at a terminal: lines that stay, and below them the plans that are open.

A redraw costs the plans that are shown, never their tickets.
"""

import sys
from collections import Counter
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
_BAR_WIDTH = 16
# From this width on there is room for words.
_WIDE = 110


class LiveAudience:
    """Tells people at a terminal. See `Audience`."""

    def __init__(self, console: Console, live: Live) -> None:
        self._console = console
        self._live = live
        self._began = monotonic()
        self._outcomes = Counter[str]()
        self._lines: list[Text] = []

    def began(self, plan: OpenPlan, source: str, how: str) -> None:
        """Say nothing: the plan appears in the table."""

    def waits(self, plan: OpenPlan, source: str, what: str, remedy: str) -> None:
        """As the protocol says."""
        self._say(f"{name_of(plan)} ({source}): {what}; {remedy}", "yellow")

    def ended(self, result: PlanResult) -> None:
        """As the protocol says."""
        self._tell(result, "green" if result.well else "red")

    def left(self, result: PlanResult) -> None:
        """As the protocol says."""
        self._tell(result, "yellow")

    def moved(self, plans: Collection[OpenPlan]) -> None:
        """As the protocol says: redraw, below what is to stay."""
        self.say_all()
        self._live.update(self._drawn(plans) if plans else Text(), refresh=True)

    def say_all(self) -> None:
        """Print what has gathered; all at once, for each time the display is drawn anew."""
        if self._lines:
            self._console.print(Text("\n").join(self._lines), soft_wrap=True)
            self._lines.clear()

    def sum_up(self) -> None:
        """Say how it went, where there is more than a line to see."""
        if (total := self._outcomes.total()) > 1:
            took = spoken(self._elapsed_ms())
            counts = [f"{count:,} {outcome}" for outcome, count in self._outcomes.most_common()]
            self._console.print(Text(f"{total:,} in {took}: {', '.join(counts)}", style="bold"))

    def _tell(self, result: PlanResult, style: str) -> None:
        self._outcomes[result.outcome] += 1
        for line in lines_about(result):
            self._say(line, style)

    def _elapsed_ms(self) -> int:
        return round((monotonic() - self._began) * 1000)

    def _say(self, line: str, style: str) -> None:
        name, colon, rest = line.partition(": ")
        self._lines.append(Text.assemble((name, f"bold {style}"), colon, rest))

    def _drawn(self, plans: Collection[OpenPlan]) -> RenderableType:
        elapsed, ended = spoken(self._elapsed_ms()), self._outcomes.total()
        told = f"{elapsed}  {ended:,} ended, {len(plans):,} open: {progress_of(plans)}"
        head = Text(told, style="dim", no_wrap=True, overflow="ellipsis")
        more = len(plans) - PLANS_SHOWN_MAX
        tail = [Text(f"… and {more:,} more", style="dim")] if more > 0 else []
        shown = list(islice(plans, PLANS_SHOWN_MAX))
        return Group(head, table_of(shown, wide=self._console.width >= _WIDE), *tail)


def shows_displays(console: Console) -> bool:
    """Whether `console` can draw over what it has drawn; colours in a log are no terminal."""
    return sys.stdout.isatty() and not console.is_dumb_terminal


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
        audience = LiveAudience(console, live)
        yield audience
        audience.moved(())
    audience.sum_up()


def table_of(plans: Sequence[OpenPlan], *, wide: bool) -> Table:
    """Return a row for each of `plans`; a `wide` one also says what each waits for."""
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("plan", no_wrap=True, style="bold", ratio=2)
    table.add_column("", width=_BAR_WIDTH)
    for name in ("done", "out", "failed", "retried", "SLA left"):
        table.add_column(name, justify="right", no_wrap=True)
    if wide:
        table.add_column("now", no_wrap=True, ratio=3, overflow="ellipsis")
    now = time_ns() // 1_000_000
    for plan in plans:
        table.add_row(*_row(plan, now), *([why_plan(plan.state)] if wide else []))
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
    )


def _left(deadline: int | None, now: int) -> Text:
    if deadline is None:
        return Text("–")
    if deadline >= now:
        return Text(spoken(deadline - now))
    return Text(f"{spoken(now - deadline)} late", style="red")
