"""One engine for one command: decisions go in, and it stays until nothing more can happen."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator_dynamic.bootstrap import Application
from orchestrator_dynamic.cli.audience import Audience
from orchestrator_dynamic.cli.inputs import Input
from orchestrator_dynamic.cli.plan_results import (
    UNREADABLE,
    PlanResult,
    result_of_dead_letter,
    result_of_plan,
    result_of_pruned,
)
from orchestrator_dynamic.cli.standstill import remedy_for, standstill_of, waiting_steps
from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.store import NotFound
from orchestrator_dynamic.runtime.open_plan import OpenPlan

JOURNAL = "journal"

# An operator in another process is heard within a quarter of a second: twice that, and a bit.
PATIENCE_S = 0.6


@dataclass(slots=True)
class _Followed:
    """A plan that has not ended, as this command knows it."""

    plan: OpenPlan
    source: str
    findings: tuple[Finding, ...]
    told_steps: set[str]


class Session:
    """Brings decisions to their outcomes, and plans that the journal has, telling `audience`.

    Attributes:
        results: what has ended or was left, in that order.
        cut_short: whether it was stopped before it was done.
    """

    def __init__(
        self,
        app: Application,
        audience: Audience,
        stop: asyncio.Event,
        data_dir: Path | None,
        *,
        beat_s: float,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Begin with nothing.

        Args:
            stop: set from outside when the session is to end early.
            data_dir: named in commands that help; None where they find it by themselves.
            beat_s: how often `audience` is told that time has passed.
            patience_s: how long nothing must be able to move before it is left as it is.
        """
        self._app = app
        self._audience = audience
        self._stop = stop
        self._data_dir = data_dir
        self._beat_s = beat_s
        self._patience_s = patience_s
        self._followed: dict[WorkflowId, _Followed] = {}
        self._known: set[WorkflowId] = set()
        self._all_taken_in = False
        self._tasks = asyncio.TaskGroup()
        self._started: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self.results: list[PlanResult] = []
        self.cut_short = False

    @property
    def unfinished(self) -> int:
        """How many plans have neither ended nor been left."""
        return len(self._followed)

    async def bring_to_end(self, inputs: Iterable[Input]) -> None:
        """Return when every plan has ended, waits for a person, or somebody wants to stop."""
        async with self._tasks:
            self._start(self._hear_of_stop())
            for plan in self._app.engine.plans:
                self._follow(plan, JOURNAL, (), "goes on")
            self._start(self._take_in(inputs))
            await self._until_quiet()
            self.cut_short = self._stop.is_set() and not self._done
            for task in self._started:
                task.cancel()
        if not self.cut_short:
            self._leave_the_rest()

    @property
    def _done(self) -> bool:
        return self._all_taken_in and not self._followed

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._started.append(self._tasks.create_task(work))

    async def _take_in(self, inputs: Iterable[Input]) -> None:
        for one in inputs:
            try:
                data = await asyncio.to_thread(one.read)
            except OSError as error:
                why = f"it cannot be read: {error.strerror}"
                self._end(PlanResult(source=one.source, outcome=UNREADABLE, reason=why))
                continue
            receipt = await self._app.engine.submit(data, source=one.source)
            del data
            if receipt.workflow_id is None:
                self._end(result_of_dead_letter(receipt))
            elif plan := self._app.engine.plans.by_id(receipt.workflow_id):
                self._took_in(plan, receipt)
            elif receipt.workflow_id not in self._known:
                self._end(self._recorded(receipt.workflow_id, receipt))
        self._all_taken_in = True
        self._news.set()

    def _recorded(self, workflow_id: WorkflowId, receipt: Receipt) -> PlanResult:
        """Return the result of a plan that had ended when its receipt was given."""
        self._known.add(workflow_id)
        try:
            record = self._app.store.workflow(workflow_id)
        except NotFound:
            if ending := self._app.store.ending(workflow_id):
                return result_of_pruned(receipt, ending)
            raise
        repeated = receipt.reception is Reception.DUPLICATE
        return result_of_plan(record, receipt.source, receipt.findings, repeated=repeated)

    def _took_in(self, plan: OpenPlan, receipt: Receipt) -> None:
        """Follow a plan, unless it is followed already: then this names its source."""
        if known := self._followed.get(plan.state.workflow_id):
            known.findings = receipt.findings
            if known.source == JOURNAL:
                known.source = receipt.source
            return
        how = "goes on" if receipt.reception is Reception.DUPLICATE else "started"
        self._follow(plan, receipt.source, receipt.findings, how)

    def _follow(self, plan: OpenPlan, source: str, findings: tuple[Finding, ...], how: str) -> None:
        workflow_id = plan.state.workflow_id
        self._known.add(workflow_id)
        told_steps = set(waiting_steps(plan.state))
        self._followed[workflow_id] = _Followed(plan, source, findings, told_steps)
        if standstill := standstill_of(plan.state, self._data_dir):
            self._audience.waits(plan, source, standstill.why, standstill.remedy)
        else:
            told_steps.clear()
            self._audience.began(plan, source, how)
        self._start(self._await_end(workflow_id))

    async def _await_end(self, workflow_id: WorkflowId) -> None:
        await self._app.engine.outcome_of(workflow_id)
        record = self._app.store.workflow(workflow_id)
        followed = self._followed.pop(workflow_id)
        self._end(result_of_plan(record, followed.source, followed.findings))

    def _end(self, result: PlanResult) -> None:
        self.results.append(result)
        self._audience.ended(result)
        self._news.set()

    async def _until_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        next_beat = still_since = loop.time()
        while not (self._done or self._stop.is_set()):
            if (now := loop.time()) >= next_beat:
                next_beat = now + self._beat_s
                self._beat()
                if not (self._all_taken_in and self._at_standstill()):
                    still_since = now
                elif now - still_since >= self._patience_s:
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(self._beat_s):
                    await self._news.wait()
            self._news.clear()

    def _beat(self) -> None:
        for followed in self._followed.values():
            state = followed.plan.state
            steps = [step for step in waiting_steps(state) if step not in followed.told_steps]
            if steps:
                followed.told_steps.update(steps)
                what = f"waits for a person to approve {', '.join(steps)}; the rest goes on"
                remedy = remedy_for(state, steps, self._data_dir)
                self._audience.waits(followed.plan, followed.source, what, remedy)
        self._audience.moved([followed.plan for followed in self._followed.values()])

    def _at_standstill(self) -> bool:
        return all(
            standstill_of(followed.plan.state, self._data_dir)
            for followed in self._followed.values()
        )

    def _leave_the_rest(self) -> None:
        for followed in self._followed.values():
            standstill = standstill_of(followed.plan.state, self._data_dir)
            record = self._app.store.workflow(followed.plan.state.workflow_id)
            result = result_of_plan(
                record, followed.source, followed.findings, standstill=standstill
            )
            self.results.append(result)
            self._audience.left(result)
        self._followed.clear()

    async def _hear_of_stop(self) -> None:
        await self._stop.wait()
        self._news.set()
