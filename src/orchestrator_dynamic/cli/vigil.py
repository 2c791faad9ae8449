"""Watching over open plans until each has ended, or only people can move those that are left."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator_dynamic.cli.audience import Audience
from orchestrator_dynamic.cli.standstill import remedy_for, standstill_of, waiting_steps
from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.runtime.open_plan import OpenPlan

# An operator in another process is heard within a quarter of a second: twice that, and a bit.
PATIENCE_S = 0.6


@dataclass(slots=True)
class Followed:
    """A plan that has not ended, as a command knows it.

    Attributes:
        told_steps: those of which the audience has heard that they wait for a person.
    """

    plan: OpenPlan
    source: str
    findings: tuple[Finding, ...]
    told_steps: set[str] = field(default_factory=set)


class Vigil:
    """Keeps `audience` informed about the plans in `followed`, and says when it is over.

    Attributes:
        followed: whoever follows a plan puts it in, and takes it out when it has ended.
        all_taken_in: set once no further plan will come.
    """

    def __init__(
        self,
        audience: Audience,
        data_dir: Path | None,
        *,
        beat_s: float,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Begin with no plan.

        Args:
            data_dir: named in commands that help; None where they find it by themselves.
            beat_s: how often `audience` is told that time has passed.
            patience_s: how long nothing must be able to move before it is over.
        """
        self.audience = audience
        self.data_dir = data_dir
        self.followed: dict[WorkflowId, Followed] = {}
        self.all_taken_in = False
        self._beat_s = beat_s
        self._patience_s = patience_s
        self._news = asyncio.Event()

    @property
    def done(self) -> bool:
        """Whether every plan has ended."""
        return self.all_taken_in and not self.followed

    def look_up(self) -> None:
        """Look at once whether it is over."""
        self._news.set()

    async def until_quiet(self, stop: asyncio.Event) -> None:
        """Return when every plan has ended or waits for a person, or `stop` is set."""
        loop = asyncio.get_running_loop()
        next_beat = still_since = loop.time()
        while not (self.done or stop.is_set()):
            if (now := loop.time()) >= next_beat:
                next_beat = now + self._beat_s
                self._beat()
                if not (self.all_taken_in and self._at_standstill()):
                    still_since = now
                elif now - still_since >= self._patience_s:
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._beat_s):
                    await self._news.wait()
            self._news.clear()

    def _beat(self) -> None:
        for followed in self.followed.values():
            steps = waiting_steps(followed.plan.state)
            if untold := [step for step in steps if step not in followed.told_steps]:
                followed.told_steps.update(untold)
                what = f"waits for a person to approve {', '.join(untold)}; the rest goes on"
                remedy = remedy_for(followed.plan.state, untold, self.data_dir)
                self.audience.waits(followed.plan, followed.source, what, remedy)
        self.audience.moved([followed.plan for followed in self.followed.values()])

    def _at_standstill(self) -> bool:
        plans = (followed.plan for followed in self.followed.values())
        return all(standstill_of(plan.state, self.data_dir) for plan in plans)
