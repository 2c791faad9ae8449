"""Those who watch the demonstration: at a terminal, or in a log."""

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from time import time_ns

from rich.console import Console
from rich.live import Live

from orchestrator_dynamic.cli import demo_view
from orchestrator_dynamic.cli.happenings import Happening, Mood, Onlooker
from orchestrator_dynamic.cli.live import shows_displays
from orchestrator_dynamic.cli.plan_results import PlanResult
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.logging import configure_logging
from orchestrator_dynamic.runtime.open_plan import OpenPlan


class DemoAudience:
    """Remembers what has happened, and shows it (see `Audience`); this one in lines.

    Attributes:
        plans: all that have begun, also those that have ended.
    """

    def __init__(self, console: Console) -> None:
        self.plans: dict[WorkflowId, OpenPlan] = {}
        self._console = console
        self._onlooker = Onlooker()

    def began(self, plan: OpenPlan, source: str, how: str) -> None:
        """As the protocol says."""
        self.plans[plan.state.workflow_id] = plan
        text = f"{how}: {plan.state.plan.reasoning_summary}"
        self.show([self.happening(plan, text, Mood.GOOD)])

    def waits(self, plan: OpenPlan, source: str, what: str, remedy: str) -> None:
        """Say nothing: that a step waits has happened to its ticket."""

    def ended(self, result: PlanResult) -> None:
        """As the protocol says."""
        for plan in self.plans.values():
            if plan.state.workflow_id == result.workflow_id:
                self.moved([plan])
                mood = Mood.GOOD if result.well else Mood.BAD
                text = f"ended {result.outcome}: {result.reason}"
                self.show([self.happening(plan, text, mood)])

    def left(self, result: PlanResult) -> None:
        """As the protocol says."""
        self.ended(result)

    def moved(self, plans: Collection[OpenPlan]) -> None:
        """As the protocol says."""
        self.show(self._onlooker.look(plans, _now()))

    def show(self, happenings: list[Happening]) -> None:
        """Show what has just happened."""
        for one in happenings:
            self._console.print(demo_view.line(one, self._begun_at()), soft_wrap=True)

    def happening(self, plan: OpenPlan, text: str, mood: Mood) -> Happening:
        """Return something that happens to `plan` now."""
        return Happening(_now(), plan.state.plan.plan_id, text, mood)

    def _begun_at(self) -> int:
        return min((plan.state.accepted_at for plan in self.plans.values()), default=0)


class LiveDemoAudience(DemoAudience):
    """The same at a terminal: everything is drawn anew at each beat."""

    def __init__(self, console: Console, live: Live, speed: float) -> None:
        super().__init__(console)
        self._live = live
        self._speed = speed
        self._happenings: list[Happening] = []

    def show(self, happenings: list[Happening]) -> None:
        """As the class says."""
        self._happenings += happenings
        states = [plan.state for plan in self.plans.values()]
        view = demo_view.drawn(states, self._happenings, self._console.size, self._speed)
        self._live.update(view, refresh=True)


def _now() -> int:
    return time_ns() // 1_000_000


@contextmanager
def demo_audience(console: Console, settings: Settings, speed: float) -> Iterator[DemoAudience]:
    """Yield who watches at `console`.

    Args:
        speed: how many times faster than estimated the workers are.
    """
    if not shows_displays(console):
        yield DemoAudience(console)
        return
    with Live(
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=sys.stderr.isatty(),
    ) as live:
        configure_logging(settings.log_level, settings.log_format)
        yield LiveDemoAudience(console, live, speed)
