"""Decisions brought to their outcomes where a Temporal server keeps their plans."""

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from orchestrator_dynamic.bootstrap.temporal import SharedApplication
from orchestrator_dynamic.cli.audience import Audience
from orchestrator_dynamic.cli.inputs import Input
from orchestrator_dynamic.cli.plan_results import (
    UNREADABLE,
    PlanResult,
    findings_on_record,
    result_of_dead_letter,
    result_of_plan,
    result_of_pruned,
)
from orchestrator_dynamic.cli.standstill import AWAITING_APPROVAL, PAUSED, Standstill, command
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.plan_workflows import TurnReport
from orchestrator_dynamic.ports.store import NotFound
from orchestrator_dynamic.runtime.patience import until_available

JOURNAL = "journal"

# Where a plan came from, and what was found about it.
_Told = tuple[str, tuple[Finding, ...]]

# The server is asked about plans that have not ended, to see whether only people can move them.
_LOOK_S = 1.0


class SharedSession:
    """Brings decisions to their outcomes, and those that the store has open where it is asked to.

    Attributes:
        results: what has ended or was left, in that order; one for each plan.
        cut_short: whether it was stopped before it was done.
    """

    def __init__(
        self,
        app: SharedApplication,
        audience: Audience,
        data_dir: Path | None,
        stop: asyncio.Event,
        *,
        takes_up: bool,
    ) -> None:
        """Begin with nothing.

        Args:
            stop: is set from outside when the session is to end early.
            takes_up: whether plans that the store has open are waited for as well.
        """
        self._app = app
        self._audience = audience
        self._data_dir = data_dir
        self._stop = stop
        self._takes_up = takes_up
        self._followed: dict[WorkflowId, _Told] = {}
        self._waits: dict[WorkflowId, asyncio.Task[None]] = {}
        self.results: list[PlanResult] = []
        self.cut_short = False

    @property
    def unfinished(self) -> int:
        """How many plans have neither ended nor been left."""
        return len(self._followed)

    async def bring_to_end(self, inputs: Iterable[Input]) -> None:
        """Return when every plan has ended, waits for a person, or somebody wants to stop."""
        async with asyncio.TaskGroup() as tasks:
            self._stopped = tasks.create_task(self._stop.wait())
            if self._takes_up:
                await self._take_up(tasks)
            for one in inputs:
                if self._stop.is_set():
                    break
                await self._take_in(one, tasks)
            while self._followed and not self._stop.is_set():
                if await self._wait_a_moment():
                    continue
                standstills = await self._standstills()
                if len(standstills) == len(self._followed):
                    await self._leave(standstills)
                    break
            self.cut_short = self._stop.is_set() and bool(self._followed)
            for task in (self._stopped, *self._waits.values()):
                task.cancel()

    async def _take_up(self, tasks: asyncio.TaskGroup) -> None:
        after = None
        while True:
            page = await self._app.store.workflows(WorkflowFilter(open_only=True), after=after)
            for record in page.workflows:
                # Whoever took it in died before its workflow began: it begins when it comes again.
                if record.phase != Phase.NEW:
                    self._follow(record.workflow_id, JOURNAL, (), tasks)
            after = page.next
            if after is None:
                return

    async def _take_in(self, one: Input, tasks: asyncio.TaskGroup) -> None:
        try:
            data = await asyncio.to_thread(one.read)
        except OSError as error:
            why = f"it cannot be read: {error.strerror}"
            self._end(PlanResult(source=one.source, outcome=UNREADABLE, reason=why))
            return
        submit = partial(self._app.orchestrator.submit, data, source=one.source)
        receipt = await until_available(submit, "decision_not_taken")
        if receipt.workflow_id is None:
            self._end(result_of_dead_letter(receipt))
            return
        repeated = receipt.reception is Reception.DUPLICATE
        if repeated and (ended := await self._ended_before(receipt.workflow_id, receipt)):
            self._end(ended)
            return
        self._follow(receipt.workflow_id, receipt.source, receipt.findings, tasks)

    async def _ended_before(self, workflow_id: WorkflowId, receipt: Receipt) -> PlanResult | None:
        store = self._app.store
        try:
            record = await store.workflow(workflow_id)
        except NotFound:
            ending = await store.ending(workflow_id)
            return None if ending is None else result_of_pruned(receipt, ending)
        if record.outcome is None:
            return None
        return result_of_plan(record, receipt.source, receipt.findings, repeated=True)

    def _follow(
        self,
        workflow_id: WorkflowId,
        source: str,
        findings: tuple[Finding, ...],
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._followed[workflow_id] = (source, findings)
        if workflow_id not in self._waits:
            self._waits[workflow_id] = tasks.create_task(self._await_end(workflow_id))

    async def _await_end(self, workflow_id: WorkflowId) -> None:
        await self._app.orchestrator.outcome_of(workflow_id)
        if (told := self._followed.get(workflow_id)) is None:
            return
        result = await self._result_of(workflow_id, told)
        # It may have been left at this very moment.
        if self._followed.pop(workflow_id, None):
            self._end(result)

    async def _result_of(
        self, workflow_id: WorkflowId, told: _Told, standstill: Standstill | None = None
    ) -> PlanResult:
        source, findings = told
        record = await self._app.store.workflow(workflow_id)
        if source == JOURNAL:
            findings = await findings_on_record(self._app.store, record)
        return result_of_plan(record, source, findings, standstill=standstill)

    async def _wait_a_moment(self) -> bool:
        """Return whether a plan has ended meanwhile."""
        waits = [self._waits[workflow_id] for workflow_id in self._followed]
        first = asyncio.FIRST_COMPLETED
        done, _ = await asyncio.wait([self._stopped, *waits], timeout=_LOOK_S, return_when=first)
        return bool(done)

    async def _standstills(self) -> dict[WorkflowId, Standstill]:
        found = {}
        for workflow_id in list(self._followed):
            report = await self._app.workflows.report(workflow_id)
            standstill = None if report is None else self._standstill_in(report, workflow_id)
            if standstill is None:
                return {}
            found[workflow_id] = standstill
        return found

    def _standstill_in(self, report: TurnReport, workflow_id: WorkflowId) -> Standstill | None:
        waiting = set(report.steps)
        busy = [one for one in report.under_way if one.task_id not in waiting]
        if report.outcome is not None or report.seq == 0 or busy:
            return None
        if report.phase == Phase.AWAITING_APPROVAL or report.steps:
            tasks = [text for step in report.steps for text in ("--task", step)]
            remedy = command("approve", workflow_id, self._data_dir, *tasks)
            return Standstill(AWAITING_APPROVAL, report.why, f"approve it with: {remedy}")
        if report.paused:
            remedy = command("resume", workflow_id, self._data_dir)
            return Standstill(PAUSED, report.why, f"resume it with: {remedy}")
        return None

    async def _leave(self, standstills: dict[WorkflowId, Standstill]) -> None:
        for workflow_id, standstill in standstills.items():
            if (told := self._followed.get(workflow_id)) is None:
                continue
            result = await self._result_of(workflow_id, told, standstill)
            if self._followed.pop(workflow_id, None):
                self.results.append(result)
                self._audience.left(result)

    def _end(self, result: PlanResult) -> None:
        self.results.append(result)
        self._audience.ended(result)
