"""What other processes do to plans, for those who watch them here: found by looking at the store.

A plan is looked at only while somebody watches it, once however many do. A look at a plan that has
moved costs its size, for only the store knows which tickets have changed.
"""

import asyncio
from contextlib import suppress

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import (
    PAGE_MAX,
    NotFound,
    Store,
    StoredWorkflow,
    TimelineEntry,
)
from orchestrator_dynamic.runtime.feed import Feed
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.news import News, Row, row_of
from orchestrator_dynamic.runtime.tail import PlanTail

log = get_logger(__name__)

# What other processes do is seen this much later at most; what this one does, at once.
LOOK_S = 1.0

# Of the list, as many as people have on their screens.
_LISTED_MAX = 200


class StoreWatch:
    """Tells a feed what the store has that it has not told yet. Run it by `run`."""

    def __init__(self, store: Store, feed: Feed, heard: asyncio.Event) -> None:
        """Begin with nothing.

        Args:
            heard: is set where this process has taken a turn, so that it is looked at at once.
        """
        self._store = store
        self._feed = feed
        self._rows: dict[WorkflowId, dict[int, Row]] = {}
        self._listed: dict[WorkflowId, StoredWorkflow] = {}
        self._ring = heard

    async def run(self) -> None:
        """Look until cancelled; a store that is away is looked at again."""
        while True:
            try:
                await self._look_around()
            except Unavailable as why:
                log.warning("watching_interrupted", why=str(why))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._ring.wait()
            self._ring.clear()

    async def _look_around(self) -> None:
        tails = self._feed.tails
        watched = {tail.workflow_id for tail in tails}
        for gone in self._rows.keys() - watched:
            del self._rows[gone]
        for tail in tails:
            if tail.seq is not None and not tail.ended:
                # Pruned meanwhile: whoever still watches it is not there to hear of that.
                with suppress(NotFound):
                    await self._look_at(tail)
        if self._feed.list_watched:
            await self._look_at_list()

    async def _look_at(self, tail: PlanTail) -> None:
        workflow = await self._store.workflow_by_id(tail.workflow_id)
        ended = workflow.outcome is not None or workflow.phase == HALTED
        last, told = await self._store.last_seq(workflow), tail.news.seq
        if last <= told and not ended:
            return
        entries: list[TimelineEntry] = []
        while True:
            after = entries[-1].seq if entries else told
            page = await self._store.timeline(workflow, after=after, limit=PAGE_MAX)
            entries += [entry for entry in page if entry.seq <= last]
            if len(page) < PAGE_MAX:
                break
        rows = await self._changed_rows(workflow)
        self._feed.heard(
            tail, News(last, entries=entries, rows=rows, workflow=workflow, ended=ended)
        )

    async def _changed_rows(self, workflow: StoredWorkflow) -> dict[int, Row]:
        tickets = await self._store.tickets(workflow)
        now = {ticket.number: row_of(ticket, ticket.progress) for ticket in tickets}
        before = self._rows.get(workflow.workflow_id, {})
        self._rows[workflow.workflow_id] = now
        return {number: row for number, row in now.items() if before.get(number) != row}

    async def _look_at_list(self) -> None:
        page = await self._store.workflows(WorkflowFilter(), limit=_LISTED_MAX)
        now = {workflow.workflow_id: workflow for workflow in page.workflows}
        for workflow_id, workflow in now.items():
            if self._listed.get(workflow_id) != workflow:
                self._feed.moved(workflow)
        self._listed = now
