"""What a session tells whoever watches it, and the two that need no terminal."""

import sys
from collections.abc import Collection
from time import monotonic
from typing import Protocol

import orjson

from orchestrator_dynamic.cli.plan_results import PlanResult, as_object, lines_about
from orchestrator_dynamic.cli.printing import clean, counted
from orchestrator_dynamic.runtime.open_plan import OpenPlan

# A log of a run that takes hours should be readable, and show that something happens.
_PROGRESS_EVERY_S = 5.0


class Audience(Protocol):
    """Hears of plans as they go on; each call returns at once."""

    def began(self, plan: OpenPlan, source: str, how: str) -> None:
        """A plan runs from now on; `how` is `started` or `goes on`."""
        ...

    def waits(self, plan: OpenPlan, source: str, what: str, remedy: str) -> None:
        """A plan, or steps in it, wait for a person; others go on."""
        ...

    def ended(self, result: PlanResult) -> None:
        """A plan has ended or stopped, or an input turned out to be none."""
        ...

    def left(self, result: PlanResult) -> None:
        """A plan was left as it is, for only a person can move it, and nothing else moves."""
        ...

    def moved(self, plans: Collection[OpenPlan]) -> None:
        """Some time has passed; `plans` are those that have not ended."""
        ...


class PlainAudience:
    """Tells people by lines: one for each beginning, wait and end, and progress now and then."""

    def __init__(self) -> None:
        self._progress_at = monotonic() + _PROGRESS_EVERY_S
        self._last_said = ""

    def began(self, plan: OpenPlan, source: str, how: str) -> None:
        """As the protocol says."""
        tickets, over = len(plan.state.tickets), len(plan.state.tickets) - plan.state.open
        done = f", {over:,} of them have ended" if over else ""
        self._say(f"{name_of(plan)} ({source}): {how}, {counted(tickets, 'ticket')}{done}")

    def waits(self, plan: OpenPlan, source: str, what: str, remedy: str) -> None:
        """As the protocol says."""
        self._say(f"{name_of(plan)} ({source}): {what}; {remedy}")

    def ended(self, result: PlanResult) -> None:
        """As the protocol says."""
        for line in lines_about(result):
            self._say(line)

    def left(self, result: PlanResult) -> None:
        """As the protocol says; what has just been said is not said again."""
        if not (result.remedy and self._last_said.endswith(result.remedy)):
            self.ended(result)

    def moved(self, plans: Collection[OpenPlan]) -> None:
        """As the protocol says."""
        if plans and monotonic() >= self._progress_at:
            self._progress_at = monotonic() + _PROGRESS_EVERY_S
            self._say(f"{len(plans):,} open, {progress_of(plans)}")

    def _say(self, line: str) -> None:
        self._last_said = line
        print(clean(line), flush=True)


class JsonAudience:
    """Tells programs by one object a plan, as soon as there is nothing more to wait for."""

    def began(self, plan: OpenPlan, source: str, how: str) -> None:
        """Say nothing: a program hears of a plan once."""

    def waits(self, plan: OpenPlan, source: str, what: str, remedy: str) -> None:
        """Say nothing: it may still be approved."""

    def ended(self, result: PlanResult) -> None:
        """As the protocol says."""
        sys.stdout.buffer.write(orjson.dumps(as_object(result), option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()

    def left(self, result: PlanResult) -> None:
        """As the protocol says; what helps is for people."""
        self.ended(result)
        print(f"orq: {result.plan_id} {result.reason}; {result.remedy}", file=sys.stderr)

    def moved(self, plans: Collection[OpenPlan]) -> None:
        """Say nothing."""


def name_of(plan: OpenPlan) -> str:
    """Return what people call a plan."""
    return plan.state.decision.plan_id


def progress_of(plans: Collection[OpenPlan]) -> str:
    """Return how far `plans` are, as text; costs the number of plans, not of tickets."""
    tickets = sum(len(plan.state.tickets) for plan in plans)
    over = sum(len(plan.state.tickets) - plan.state.open for plan in plans)
    out = sum(plan.state.in_flight for plan in plans)
    return f"{over:,} of {tickets:,} tickets have ended, {out:,} are out"
