"""One engine for one command: decisions go in, and it stays until nothing more can happen."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.cli.inputs import Input
from orchestrator_dynamic.cli.plan_results import (
    UNREADABLE,
    PlanResult,
    findings_on_record,
    result_of_dead_letter,
    result_of_plan,
    result_of_pruned,
)
from orchestrator_dynamic.cli.standstill import Standstill, standstill_of, waiting_steps
from orchestrator_dynamic.cli.vigil import Followed, Vigil
from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.store import NotFound
from orchestrator_dynamic.runtime.open_plan import OpenPlan

JOURNAL = "journal"


class Session:
    """Brings decisions to their outcomes, and plans that the journal has; `vigil` tells of them.

    Attributes:
        results: what has ended or was left, in that order; one for each plan.
        cut_short: whether it was stopped before it was done.
    """

    def __init__(self, app: Application, vigil: Vigil, stop: asyncio.Event) -> None:
        """Begin with nothing; `stop` is set from outside when the session is to end early."""
        self._app = app
        self._vigil = vigil
        self._stop = stop
        self._known: set[WorkflowId] = set()
        self._tasks = asyncio.TaskGroup()
        self._started: list[asyncio.Task[None]] = []
        self.results: list[PlanResult] = []
        self.cut_short = False

    @property
    def unfinished(self) -> int:
        """How many plans have neither ended nor been left."""
        return len(self._vigil.followed)

    async def bring_to_end(self, inputs: Iterable[Input]) -> None:
        """Return when every plan has ended, waits for a person, or somebody wants to stop."""
        async with self._tasks:
            self._start(self._hear_of_stop())
            for plan in self._app.engine.plans:
                self._follow(plan, JOURNAL, (), "goes on")
            self._start(self._take_in(inputs))
            await self._vigil.until_quiet(self._stop)
            self.cut_short = self._stop.is_set() and not self._vigil.done
            for task in self._started:
                task.cancel()
        if not self.cut_short:
            await self._leave_the_rest()

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
                self._end(await self._recorded(receipt.workflow_id, receipt))
        self._vigil.all_taken_in = True
        self._vigil.look_up()

    def _took_in(self, plan: OpenPlan, receipt: Receipt) -> None:
        """Follow a plan, unless it is followed already: then this names its source."""
        if known := self._vigil.followed.get(plan.state.workflow_id):
            known.findings = receipt.findings
            if known.source == JOURNAL:
                known.source = receipt.source
            return
        how = "goes on" if receipt.reception is Reception.DUPLICATE else "started"
        self._follow(plan, receipt.source, receipt.findings, how)

    async def _recorded(self, workflow_id: WorkflowId, receipt: Receipt) -> PlanResult:
        """Return the result of a plan that had ended when its receipt was given."""
        self._known.add(workflow_id)
        try:
            record = await self._app.store.workflow(workflow_id)
        except NotFound:
            if ending := await self._app.store.ending(workflow_id):
                return result_of_pruned(receipt, ending)
            raise
        repeated = receipt.reception is Reception.DUPLICATE
        return result_of_plan(record, receipt.source, receipt.findings, repeated=repeated)

    def _follow(self, plan: OpenPlan, source: str, findings: tuple[Finding, ...], how: str) -> None:
        workflow_id, vigil = plan.state.workflow_id, self._vigil
        self._known.add(workflow_id)
        followed = vigil.followed[workflow_id] = Followed(plan, source, findings)
        if standstill := standstill_of(plan.state, vigil.data_dir):
            followed.told_steps.update(waiting_steps(plan.state))
            vigil.audience.waits(plan, source, standstill.why, standstill.remedy)
        else:
            vigil.audience.began(plan, source, how)
        self._start(self._await_end(workflow_id))

    async def _await_end(self, workflow_id: WorkflowId) -> None:
        await self._app.engine.outcome_of(workflow_id)
        result = await self._result_of(self._vigil.followed[workflow_id])
        # Not before its result is there: once nothing is followed, the vigil is over.
        del self._vigil.followed[workflow_id]
        self._end(result)

    async def _leave_the_rest(self) -> None:
        for followed in self._vigil.followed.values():
            standstill = standstill_of(followed.plan.state, self._vigil.data_dir)
            result = await self._result_of(followed, standstill)
            self.results.append(result)
            self._vigil.audience.left(result)
        self._vigil.followed.clear()

    async def _result_of(
        self, followed: Followed, standstill: Standstill | None = None
    ) -> PlanResult:
        store = self._app.store
        source, findings = followed.source, followed.findings
        record = await store.workflow(followed.plan.state.workflow_id)
        if source == JOURNAL:
            findings = await findings_on_record(store, record)
        return result_of_plan(record, source, findings, standstill=standstill)

    def _end(self, result: PlanResult) -> None:
        self.results.append(result)
        self._vigil.audience.ended(result)
        self._vigil.look_up()

    async def _hear_of_stop(self) -> None:
        await self._stop.wait()
        self._vigil.look_up()
