"""Whoever watches a plan hears of everything once, whenever they come, however often they leave."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from orchestrator_dynamic.bootstrap.embedded import Application, application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.ports.store import PAGE_MAX, StoredWorkflow
from orchestrator_dynamic.runtime.feed import Feed
from orchestrator_dynamic.runtime.sse import change
from orchestrator_dynamic.runtime.step import Step
from orchestrator_dynamic.runtime.store_watch import StoreWatch
from orchestrator_dynamic.runtime.tail import CHUNKS_MAX
from orchestrator_dynamic.sdk import TicketContext, Worker
from tests.support.engines import PATIENCE_S, a_chain, a_message, a_worker, until, workflow_of
from tests.support.messages import a_task

CHAIN = a_chain(*(f"t{number}" for number in range(8)))


@dataclass(slots=True)
class Fed:
    """An engine whose turns a feed is shown, and what it showed."""

    app: Application
    feed: Feed
    steps: list[Step] = field(default_factory=list)

    async def started(self, message: bytes) -> StoredWorkflow:
        """Return a plan that has been taken in."""
        receipt = await self.app.engine.submit(message, source="test")
        return await self.app.store.workflow_by_id(workflow_of(receipt))

    async def ended(self, workflow: StoredWorkflow) -> None:
        """Wait for the end of a plan."""
        await self.app.engine.outcome_of(workflow.workflow_id)

    def told(self, workflow: StoredWorkflow, after: int | None) -> AsyncGenerator[bytes]:
        """Return what somebody hears who has seen the facts up to `after`."""
        return self.feed.watch(self.app.store, workflow, after)

    async def journal(self, workflow: StoredWorkflow) -> list[int]:
        """Return the places of all that the journal tells."""
        return [entry.seq for entry in await self.app.store.timeline(workflow, limit=1_000)]


@asynccontextmanager
async def fed(directory: Path, *workers: Worker, beats: bool = True) -> AsyncIterator[Fed]:
    """Run an engine with a feed; without beats, what each turn brings is told at once."""
    feed, steps = Feed(), list[Step]()

    def tell(step: Step) -> None:
        steps.append(step)
        for tail in () if beats else feed.tails:
            if (told := tail.take_news()) is not None:
                tail.tell(told.seq, change(told), ended=told.ended)

    settings = load_settings({"DATA_DIR": str(directory)}, None)
    async with (
        asyncio.timeout(PATIENCE_S),
        application(
            settings,
            workers=workers or None,
            command="a test",
            onlookers=(feed.look, tell),
        ) as app,
        asyncio.TaskGroup() as tasks,
    ):
        telling = tasks.create_task(feed.run() if beats else asyncio.Event().wait())
        yield Fed(app, feed, steps)
        telling.cancel()


def event_in(text: bytes) -> dict[str, Any] | None:
    """Return what an event says, with its name; None for a sign of life."""
    if text.startswith(b":"):
        return None
    number, name, data = text.decode().splitlines()[:3]
    said = orjson.loads(data.removeprefix("data: "))
    assert isinstance(said, dict)
    assert int(number.removeprefix("id: ")) == said["seq"]
    return {**said, "event": name.removeprefix("event: ")}


async def heard(told: AsyncGenerator[bytes], most: int | None = None) -> list[dict[str, Any]]:
    """Return what is told to the end, or the first `most` events of it, and leave."""
    events: list[dict[str, Any]] = []
    async with aclosing(told) as stream:
        async for text in stream:
            if (event := event_in(text)) is not None:
                events.append(event)
            if most is not None and len(events) >= most:
                break
    return events


def places(events: Sequence[dict[str, Any]]) -> list[int]:
    """Return the places of all entries, in the order in which they were told."""
    return [entry["seq"] for event in events for entry in event["entries"]]


async def test_a_plan_is_told_from_its_first_fact_to_its_end(tmp_path: Path) -> None:
    """Everything once, in order, and then the stream ends by itself."""
    async with fed(tmp_path, a_worker()) as world:
        plan = await world.started(a_message(*CHAIN))
        events = await heard(world.told(plan, 0))
        journal = await world.journal(plan)

    assert places(events) == journal
    assert [event["event"] for event in events[:-1]] == ["change"] * (len(events) - 1)
    assert events[-1]["event"] == "end"
    assert events[-1]["workflow"]["outcome"] == "SUCCESS"


async def test_nothing_is_lost_or_doubled_over_reconnects(tmp_path: Path) -> None:
    """A phone on a train reconnects after each event; the journal has each entry once."""
    async with fed(tmp_path, a_worker()) as world:
        plan = await world.started(a_message(*CHAIN))
        events: list[dict[str, Any]] = []
        while not events or events[-1]["event"] != "end":
            seen = events[-1]["seq"] if events else 0
            events += await heard(world.told(plan, seen), most=1)
        journal = await world.journal(plan)

    assert places(events) == journal
    assert world.feed.watchers == 0


async def test_who_comes_back_at_any_place_hears_exactly_the_rest(tmp_path: Path) -> None:
    """Also when the plan has ended meanwhile, and whatever place it is."""
    async with fed(tmp_path, a_worker()) as world:
        plan = await world.started(a_message(*CHAIN))
        await world.ended(plan)
        journal = await world.journal(plan)
        last = await world.app.store.last_seq(plan)
        for seen in range(last + 1):
            events = await heard(world.told(plan, seen))

            assert places(events) == [seq for seq in journal if seq > seen]
            assert [event["event"] for event in events].count("end") == 1
            assert events[-1]["seq"] == last


async def test_a_journal_that_is_longer_than_a_page_is_told_whole(tmp_path: Path) -> None:
    """Whoever was away overnight has missed more than fits one look at the store."""
    wide = [a_task(f"t{number}") for number in range(PAGE_MAX + 100)]
    async with fed(tmp_path, a_worker()) as world:
        plan = await world.started(a_message(*wide))
        await world.ended(plan)
        last = await world.app.store.last_seq(plan)
        events = await heard(world.told(plan, 0))

    seqs = places(events)
    assert len(seqs) > PAGE_MAX
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == last


async def test_a_place_from_the_future_is_answered_by_a_fresh_look(tmp_path: Path) -> None:
    """A copy of the data was put back: what the client has seen is not there any more."""
    async with fed(tmp_path) as world:
        plan = await world.started(a_message(*CHAIN))
        [event] = await heard(world.told(plan, 10_000), most=1)
        last = await world.app.store.last_seq(plan)

    assert (event["seq"], event["reload"], event["tickets"]) == (last, True, None)
    assert event["entries"] == []


async def test_two_who_watch_hear_the_same_from_then_on(tmp_path: Path) -> None:
    """One came early, one late; neither changes what the other hears."""
    go = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.task_id == "t4":
            await go.wait()

    async with fed(tmp_path, a_worker(work)) as world, asyncio.TaskGroup() as tasks:
        plan = await world.started(a_message(*CHAIN))
        early = tasks.create_task(heard(world.told(plan, 0)))
        while await world.app.store.last_seq(plan) < 3:  # noqa: ASYNC110 - as in `until`.
            await asyncio.sleep(0)
        late = tasks.create_task(heard(world.told(plan, 3)))
        await until(lambda: world.feed.watchers == 2)
        go.set()
        await asyncio.gather(early, late)
        journal = await world.journal(plan)

    assert places(early.result()) == journal
    assert places(late.result()) == [seq for seq in journal if seq > 3]
    assert world.feed.watchers == 0


async def test_who_is_ahead_of_the_others_by_a_beat_is_told_nothing_twice(tmp_path: Path) -> None:
    """A snapshot comes from the store, which has a fact before those who watch are told of it."""
    go = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await go.wait()

    async with fed(tmp_path, a_worker(work)) as world, asyncio.TaskGroup() as tasks:
        plan = await world.started(a_message(*CHAIN))
        others = tasks.create_task(heard(world.told(plan, 0)))
        await until(lambda: bool(world.feed.tails) and world.feed.tails[0].seq is not None)
        go.set()
        [tail] = world.feed.tails
        seen = 0
        while seen <= (tail.seq or 0):
            await asyncio.sleep(0)
            seen = await world.app.store.last_seq(plan)
        events = await heard(world.told(plan, seen))
        await others
        journal = await world.journal(plan)

    assert places(events) == [seq for seq in journal if seq > seen]


async def test_how_far_a_worker_has_come_is_told_without_a_fact(tmp_path: Path) -> None:
    """A sign of life is no fact of the journal, and people watch it all the same."""
    watched, told = asyncio.Event(), asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat("begun")
        await watched.wait()
        await context.heartbeat("half of it")
        await told.wait()

    async with fed(tmp_path, a_worker(work)) as world:
        plan = await world.started(a_message())
        seen: list[str] = []
        async with aclosing(world.told(plan, 0)) as stream:
            async for text in stream:
                rows = (event_in(text) or {}).get("tickets") or []
                seen += [cell for row in rows for cell in row if cell in ("begun", "half of it")]
                if "begun" in seen:
                    watched.set()
                if "half of it" in seen:
                    break
        told.set()
        await world.ended(plan)

    assert world.feed.watchers == 0


async def test_who_is_too_slow_is_told_to_look_again_and_loses_no_entry(tmp_path: Path) -> None:
    """Memory is bounded: tickets are fetched again, and the journal has the entries."""
    go = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await go.wait()

    chain = a_chain(*(f"t{number}" for number in range(CHUNKS_MAX + 10)))
    async with fed(tmp_path, a_worker(work), beats=False) as world:
        plan = await world.started(a_message(*chain))
        async with aclosing(world.told(plan, 0)) as stream:
            events = [event_in(await anext(stream))]
            go.set()
            await world.ended(plan)
            [tail] = world.feed.tails
            assert tail.after(0) is None, "what came first is gone"
            events += [event_in(text) async for text in stream]
        journal = await world.journal(plan)

    heard_of = [event for event in events if event is not None]
    assert places(heard_of) == journal
    assert any(event["reload"] for event in heard_of)
    assert heard_of[-1]["event"] == "end"


async def test_a_stream_of_an_ended_plan_says_so_and_ends(tmp_path: Path) -> None:
    """A page that was opened on it needs no stream."""
    async with fed(tmp_path, a_worker()) as world:
        plan = await world.started(a_message())
        await world.ended(plan)
        [event] = await heard(world.told(plan, None))

    assert (event["event"], event["entries"], event["reload"]) == ("end", [], True)


async def test_nothing_is_gathered_while_nobody_watches(tmp_path: Path) -> None:
    """Ten thousand plans run at night."""
    async with fed(tmp_path, a_worker()) as world:
        plan = await world.started(a_message(*CHAIN))
        await world.ended(plan)
        for step in world.steps:
            world.feed.look(step)

        assert (world.feed.tails, world.feed.watchers) == ([], 0)
        assert not world.feed.list_watched


async def test_all_streams_end_when_the_service_stops(tmp_path: Path) -> None:
    """Nobody waits for the next sign of life."""
    async with fed(tmp_path) as world, asyncio.TaskGroup() as tasks:
        plan = await world.started(a_message())
        one = tasks.create_task(heard(world.told(plan, None)))
        other = tasks.create_task(endings(world.feed, {"never"}))
        await until(lambda: world.feed.watchers == 2)
        world.feed.close()
        await asyncio.gather(one, other)

    assert world.feed.watchers == 0


async def test_the_list_tells_how_each_plan_is_in_the_end(tmp_path: Path) -> None:
    """States in between may be left out, the last one never."""
    names = {f"orch-d{number}" for number in range(5)}
    async with fed(tmp_path, a_worker()) as world, asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(endings(world.feed, names))
        await until(lambda: world.feed.list_watched)
        for name in names:
            await world.started(a_message(*CHAIN, decision_id=name.removeprefix("orch-")))

    assert watching.result() == dict.fromkeys(names, "SUCCESS")
    assert not world.feed.list_watched


async def endings(feed: Feed, names: set[str]) -> dict[str, str | None]:
    """Return how plans end, as the list tells it."""
    now: dict[str, str | None] = {}
    async with aclosing(feed.watch_list()) as stream:
        async for text in stream:
            if text.startswith(b"event: workflows"):
                said = orjson.loads(text.decode().splitlines()[1].removeprefix("data: "))
                now |= {one["workflow_id"]: one["outcome"] for one in said["workflows"]}
            if names == {name for name, outcome in now.items() if outcome is not None}:
                break
    return now


async def test_what_others_have_done_is_found_in_the_store(tmp_path: Path) -> None:
    """Where a server keeps the plans, this process is shown the turns of others by nobody."""
    async with fed(tmp_path / "data", a_worker()) as world, asyncio.TaskGroup() as tasks:
        aside, ring = Feed(), asyncio.Event()
        running = [
            tasks.create_task(aside.run()),
            tasks.create_task(StoreWatch(world.app.store, aside, ring).run()),
        ]
        plan = await world.started(a_message(*CHAIN))
        events = await heard(aside.watch(world.app.store, plan, 0))
        journal = await world.journal(plan)
        for task in running:
            task.cancel()

    assert places(events) == journal
    assert events[-1]["event"] == "end"
    assert aside.watchers == 0


async def test_the_list_is_found_in_the_store_as_well(tmp_path: Path) -> None:
    """The page shows plans, whoever runs them."""
    async with fed(tmp_path / "data", a_worker()) as world, asyncio.TaskGroup() as tasks:
        aside, ring = Feed(), asyncio.Event()
        running = [
            tasks.create_task(aside.run()),
            tasks.create_task(StoreWatch(world.app.store, aside, ring).run()),
        ]
        watching = tasks.create_task(endings(aside, {"orch-decision-1"}))
        await until(lambda: aside.list_watched)
        await world.ended(await world.started(a_message()))
        ring.set()
        await watching
        for task in running:
            task.cancel()

    assert watching.result() == {"orch-decision-1": "SUCCESS"}


async def test_a_plan_that_is_gone_stops_no_other_watching(tmp_path: Path) -> None:
    """Old plans are pruned, also while somebody's browser still holds their stream open."""
    async with (
        fed(tmp_path / "before") as before,
        fed(tmp_path / "now", a_worker()) as now,
        asyncio.TaskGroup() as tasks,
    ):
        aside, ring = Feed(), asyncio.Event()
        plan = await before.started(a_message(*CHAIN))
        async with aclosing(aside.watch(before.app.store, plan, None)) as held_open:
            await anext(held_open)
            running = [
                tasks.create_task(aside.run()),
                tasks.create_task(StoreWatch(now.app.store, aside, ring).run()),
            ]
            watching = tasks.create_task(endings(aside, {"orch-decision-1"}))
            await until(lambda: aside.list_watched)
            await now.ended(await now.started(a_message()))
            ring.set()
            await watching
            for task in running:
                task.cancel()

    assert watching.result() == {"orch-decision-1": "SUCCESS"}
