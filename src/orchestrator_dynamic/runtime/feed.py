"""What happens to plans, as it happens, for whoever watches.

The journal is the stream: whatever is told carries the place of its last fact, and whoever was
away asks for what came after the place that they have seen. So nothing is lost and nothing told
twice, also where this process was killed in between. What turns bring is gathered, and told in
beats: encoded once, however many watch.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.store import PAGE_MAX, Store, StoredWorkflow
from orchestrator_dynamic.runtime import news
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.news import News
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.sse import ALIVE, change, overview
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.runtime.tail import Place, PlanTail, Tail

# What people see as at once, and what a page can draw with ease; a list may be slower.
BEAT_S = 0.1
_BEATS_OF_LIST = 5

# Proxies close a connection on which nothing comes for a minute, browsers later.
ALIVE_S = 15.0


class Feed:
    """Tells what happens. Show it every durable turn by `look`, and run it by `run`."""

    def __init__(self) -> None:
        self._tails: dict[WorkflowId, PlanTail] = {}
        self._list = Tail()
        self._moved: dict[WorkflowId, StoredWorkflow] = {}
        self._ring = asyncio.Event()
        self._closed = False

    @property
    def watchers(self) -> int:
        """How many streams are open."""
        return self._list.watchers + sum(tail.watchers for tail in self._tails.values())

    @property
    def tails(self) -> list[PlanTail]:
        """Return the tails of the plans that somebody watches now."""
        return list(self._tails.values())

    @property
    def list_watched(self) -> bool:
        """Whether somebody watches the list of all plans."""
        return self._list.watchers > 0

    def look(self, step: Step) -> None:
        """Gather what a durable turn has brought; costs nothing where nobody watches."""
        if not (self._tails or self._list.watchers):
            return
        for plan in (step.plans | step.progressed).values():
            if tail := self._tails.get(plan.state.workflow_id):
                self._gather(tail, plan, step)
            if self._list.watchers:
                self._moved[plan.state.workflow_id] = news.workflow_of(plan.workflow_record())
        self._ring.set()

    def moved(self, workflow: StoredWorkflow) -> None:
        """Hear from elsewhere that a workflow has changed."""
        self._moved[workflow.workflow_id] = workflow
        self._ring.set()

    def heard(self, tail: PlanTail, told: News) -> None:
        """Hear from elsewhere what is new of a plan, and tell it with what was not told yet."""
        gathered = tail.news
        gathered.entries += [entry for entry in told.entries if entry.seq > gathered.seq]
        gathered.rows |= told.rows
        gathered.seq = max(gathered.seq, told.seq)
        gathered.workflow = told.workflow or gathered.workflow
        gathered.ended |= told.ended
        gathered.reload |= told.reload
        self._ring.set()

    async def run(self) -> None:
        """Tell what was gathered, a beat at a time, until cancelled."""
        beats = 0
        while True:
            await self._ring.wait()
            self._ring.clear()
            for tail in self._tails.values():
                if (told := tail.take_news()) is not None:
                    tail.tell(told.seq, change(told), ended=told.ended)
            beats += 1
            if self._moved and beats % _BEATS_OF_LIST == 0:
                moved, self._moved = self._moved, {}
                self._list.tell(0, overview(moved.values()))
            elif self._moved:
                self._ring.set()
            await asyncio.sleep(BEAT_S)

    def close(self) -> None:
        """End all streams now; those who watch come back elsewhere, or later."""
        self._closed = True
        for tail in (self._list, *self._tails.values()):
            tail.ring()

    async def watch(
        self, store: Store, workflow: StoredWorkflow, after: int | None
    ) -> AsyncGenerator[bytes]:
        """Yield what happens to a plan after its fact `after`, as server-sent events, to its end.

        Args:
            after: None means from now on.
        """
        with self._watching(workflow.workflow_id) as tail:
            last = await store.last_seq(workflow)
            tail.begin(last)
            if after is not None and after <= last:
                await self._told_up_to(after, tail)
            here = tail.seq or 0
            place = Place(tail.serial, here if after is None else after)
            if place.seq != here:
                async for text in self._caught_up(store, workflow, place, here):
                    yield text
            workflow = await store.workflow_by_id(workflow.workflow_id)
            if workflow.outcome is not None or workflow.phase == HALTED:
                async for text in self._farewell(store, workflow, place):
                    yield text
                return
            yield ALIVE
            while not self._closed:
                chunks = tail.after(place.serial)
                if chunks is None:
                    place.serial = tail.serial
                    async for text in self._caught_up(store, workflow, place, tail.seq or 0):
                        yield text
                    if tail.ended:
                        now = await store.workflow_by_id(workflow.workflow_id)
                        async for text in self._farewell(store, now, place):
                            yield text
                        return
                    continue
                for chunk in chunks:
                    place.serial, place.seq = chunk.serial, chunk.seq
                    yield chunk.text
                    if chunk.ended:
                        return
                if not chunks and not await tail.next_bell(ALIVE_S):
                    yield ALIVE

    async def watch_list(self) -> AsyncGenerator[bytes]:
        """Yield which workflows have changed, as server-sent events, until closed."""
        tail = self._list
        tail.watchers += 1
        serial = tail.serial
        try:
            yield ALIVE
            while not self._closed:
                chunks = tail.after(serial)
                serial = tail.serial
                # Whoever is too slow misses states in between, never the last one.
                for chunk in chunks or ():
                    yield chunk.text
                if not chunks and not await tail.next_bell(ALIVE_S):
                    yield ALIVE
        finally:
            tail.watchers -= 1

    @contextmanager
    def _watching(self, workflow_id: WorkflowId) -> Iterator[PlanTail]:
        tail = self._tails.setdefault(workflow_id, PlanTail(workflow_id))
        tail.watchers += 1
        try:
            yield tail
        finally:
            tail.watchers -= 1
            if tail.watchers == 0:
                self._tails.pop(workflow_id, None)

    async def _told_up_to(self, seq: int, tail: PlanTail) -> None:
        """Wait until others who watch have been told of the fact `seq`, which is durable.

        Whoever comes with what the store has can be ahead of them by a beat, and would else be
        told again what they know.
        """
        beats = int(ALIVE_S / BEAT_S)
        while (tail.seq or 0) < seq and beats and not self._closed:
            beats -= 1
            await tail.next_bell(BEAT_S)

    async def _caught_up(
        self, store: Store, workflow: StoredWorkflow, place: Place, until: int
    ) -> AsyncGenerator[bytes]:
        """Yield what the journal has between; the tickets themselves are to be fetched again."""
        while place.seq < until:
            page = await store.timeline(workflow, after=place.seq, limit=PAGE_MAX)
            entries = [entry for entry in page if entry.seq <= until]
            place.seq = entries[-1].seq if len(entries) == PAGE_MAX else until
            last = place.seq == until
            yield change(News(place.seq, entries, reload=last))
        if place.seq > until:
            # A place that this journal does not have: another store, or an older copy of it.
            place.seq = until
            yield change(News(until, reload=True))

    async def _farewell(
        self, store: Store, workflow: StoredWorkflow, place: Place
    ) -> AsyncGenerator[bytes]:
        """Yield the end of a plan that has ended; it may have come since the place was read."""
        async for text in self._caught_up(store, workflow, place, await store.last_seq(workflow)):
            yield text
        yield change(News(place.seq, workflow=workflow, ended=True, reload=True))

    def _gather(self, tail: PlanTail, plan: OpenPlan, step: Step) -> None:
        gathered = tail.news
        for said in step.batch.progress:
            if plan.base <= said.key < plan.base + len(plan.state.tickets):
                number = said.key - plan.base
                tail.progress[number] = said.progress
                ticket = plan.state.tickets[number]
                gathered.rows[number] = news.row_of(ticket, said.progress)
        for owner, ticket in step.changed():
            if owner is plan:
                told = tail.progress.get(ticket.number)
                gathered.rows[ticket.number] = news.row_of(ticket, told)
        gathered.entries += news.entries_in(step, plan, max(gathered.seq, tail.seq or 0))
        gathered.seq = max(gathered.seq, plan.seq)
        gathered.workflow = news.workflow_of(plan.workflow_record())
        gathered.ended = plan.state.outcome is not None or plan.halted
