"""What the copy promises: everything, in order, before anybody sees what follows from it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    AuditRecord,
    ProgressRecord,
)
from orchestrator_dynamic.runtime.record_copy import (
    CopyDisagrees,
    DeferredCopy,
    RecordCopy,
    merged,
)
from tests.support.ledgers import (
    NOON,
    a_change,
    a_fact,
    a_ledger,
    a_plan_on_record,
    a_ticket_row,
    a_workflow,
)
from tests.support.outside_parts import (
    ObservedLedger,
    a_place_in_memory,
    records_in,
    records_of,
    until,
)
from tests.support.temporal_faults import Faults

KEY = TICKETS_PER_WORKFLOW


@pytest.fixture
def store() -> Iterator[ObservedLedger]:
    """Yield a store with nothing in it, which can be away."""
    with a_place_in_memory() as (ledger, _):
        yield ObservedLedger(ledger)


def told(*seqs: int) -> Batch:
    """Return a batch of these facts; a store takes them in no other order."""
    return Batch(facts=[a_fact(1, seq) for seq in seqs])


@asynccontextmanager
async def running(copy: RecordCopy) -> AsyncIterator[None]:
    """Copy until the end of the context, which is a crash."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(copy.run())
        yield
        task.cancel()


async def put_all(copy: RecordCopy, shown: list[int], *seqs: int) -> None:
    """Put a batch for each of these facts; `shown` tells which of them were shown."""
    for seq in seqs:
        await copy.put(told(seq), lambda seq=seq: shown.append(seq))  # type: ignore[misc]


async def test_batches_arrive_and_are_shown_in_the_order_of_turns(store: ObservedLedger) -> None:
    """A ticket whose plan is not on record would be work that nobody can explain."""
    copy, shown = RecordCopy(store, ()), list[int]()
    async with running(copy):
        await put_all(copy, shown, *range(1, 31))
        await copy.drained()

    assert [fact.seq for fact in await store.facts_after(1, 0)] == list(range(1, 31))
    assert shown == list(range(1, 31))
    assert copy.done == 30


async def test_nothing_is_shown_while_the_store_is_away(store: ObservedLedger) -> None:
    """Fail closed: where the audit cannot be written, tickets wait."""
    copy, shown = RecordCopy(store, ()), list[int]()
    store.faults.away = True
    async with running(copy):
        await put_all(copy, shown, 1, 2, 3)
        await until(lambda: store.faults.struck >= 3)
        before = (list(shown), copy.done)
        store.faults.away = False
        await copy.drained()

    assert before == ([], 0)
    assert shown == [1, 2, 3]


@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_commit_that_may_have_happened_is_repeated(
    lost: int, store: ObservedLedger
) -> None:
    """Before it, in its middle or after it: what did not come back is brought again."""
    store.faults = Faults([False] * lost + [True])
    store = ObservedLedger(store, store.faults)
    copy, shown = RecordCopy(store, ()), list[int]()
    async with running(copy):
        await put_all(copy, shown, 1, 2)
        await copy.drained()

    assert store.faults.struck == 1
    assert [fact.seq for fact in await store.facts_after(1, 0)] == [1, 2]
    assert shown == [1, 2]


async def test_so_many_turns_wait_and_no_more(store: ObservedLedger) -> None:
    """An outage of hours must not fill the memory; the engine takes no more."""
    copy, shown = RecordCopy(store, ()), list[int]()
    store.faults.away = True
    async with running(copy), asyncio.TaskGroup() as tasks:
        await put_all(copy, shown, *range(1, 65))
        one_more = tasks.create_task(put_all(copy, shown, 65))
        await until(lambda: store.faults.struck >= 3)
        waited = not one_more.done()
        store.faults.away = False
        await one_more
        await copy.drained()

    assert waited
    assert shown == list(range(1, 66))


async def test_nothing_to_wait_for_is_drained(store: ObservedLedger) -> None:
    """A stop must not wait for what was never put."""
    async with asyncio.timeout(1):
        await RecordCopy(store, ()).drained()


async def test_what_was_left_comes_first(tmp_path: Path, store: ObservedLedger) -> None:
    """A crash of the engine is no hole in the records."""
    with a_ledger(tmp_path) as ledger:
        for seq in (1, 2, 3):
            batch = told(seq)
            batch.number = seq
            await ledger.commit(batch)

    with a_ledger(tmp_path) as ledger:
        copy, shown = RecordCopy(store, ledger.uncopied()), list[int]()
        number = copy.next_number
        async with running(copy):
            await put_all(copy, shown, 4)
            await copy.drained()

    assert number == 4
    assert [fact.seq for batch in store.arrived for fact in batch.facts] == [1, 2, 3, 4]
    assert shown == [4]


async def test_what_has_arrived_is_kept_twice_no_longer(
    tmp_path: Path, store: ObservedLedger
) -> None:
    """The ledger would grow without end; and what it keeps must never miss a batch."""
    with a_ledger(tmp_path) as ledger:
        copy = RecordCopy(store, ledger.uncopied())
        kept = list[list[int]]()
        async with running(copy):
            for seq in range(1, 6):
                batch = told(seq)
                batch.number, batch.copied = copy.next_number, copy.done
                await ledger.commit(batch)
                kept.append([number for number, _ in ledger.uncopied()])
                await copy.put(batch, lambda: None)
                if seq % 2 == 0:
                    await copy.drained()

    assert kept == [[1], [1, 2], [3], [3, 4], [5]]


async def test_an_older_state_brought_again_does_not_stand() -> None:
    """What a batch without facts says counts as the latest; after a crash it is not."""
    begun = Batch(facts=[a_fact(1, 1)], tickets=[a_ticket_row()], workflows={1: a_workflow()})
    going = Batch(
        changes=[a_change(0, Stage.PUBLISHING, 1)],
        progress=[ProgressRecord("half", KEY)],
    )
    gone = Batch(
        facts=[a_fact(1, 2)],
        changes=[a_change(0, Stage.COMPLETED, 1)],
        progress=[ProgressRecord("whole", KEY)],
    )
    with a_place_in_memory() as (inner, connection):
        store = ObservedLedger(inner)
        for batch in (begun, going, gone):
            await store.commit(batch)
        expected = records_of(connection)["tickets"]

        copy = RecordCopy(store, enumerate((begun, going, gone), 1))
        async with running(copy):
            await copy.drained()
        again = records_of(connection)["tickets"]

    assert [row[3] for row in expected] == ["COMPLETED"]
    assert again == expected


async def test_a_newer_state_without_facts_stands() -> None:
    """Merged with facts that the store has, it would count as old as they are."""
    begun = Batch(facts=[a_fact(1, 1)], tickets=[a_ticket_row()], workflows={1: a_workflow()})
    older = Batch(changes=[a_change(0, Stage.READY, 0)])
    newer = Batch(changes=[a_change(0, Stage.PUBLISHING, 1)])
    with a_place_in_memory() as (store, connection):
        await store.commit(begun)
        await store.commit(older)
        copy = RecordCopy(store, enumerate((begun, older, newer), 1))
        async with running(copy):
            await copy.drained()

        assert [row[3] for row in records_of(connection)["tickets"]] == ["PUBLISHING"]


async def test_a_store_with_another_story_stops_the_engine(store: ObservedLedger) -> None:
    """Two directories that claim one place: no patience makes them agree, a person can."""
    await store.commit(Batch(facts=[a_fact(1, 1, "other")]))
    copy, shown = RecordCopy(store, ()), list[int]()

    await put_all(copy, shown, 1)

    with pytest.raises(CopyDisagrees, match="workflow 1 goes on otherwise"):
        await copy.run()

    assert shown == []


async def test_a_moments_work_leaves_its_copy_to_the_next_engine(
    tmp_path: Path, store: ObservedLedger
) -> None:
    """`orq approve` must not wait for a store that it has nothing to ask."""
    shown = list[int]()
    for seqs in ((1, 2), (3,)):
        with a_ledger(tmp_path) as ledger:
            deferred = DeferredCopy(ledger.uncopied())
            for seq in seqs:
                batch = told(seq)
                batch.number, batch.copied = deferred.next_number, deferred.done
                await ledger.commit(batch)
                await deferred.put(batch, lambda seq=seq: shown.append(seq))  # type: ignore[misc]
    at_once = list(shown)

    with a_ledger(tmp_path) as ledger:
        copy = RecordCopy(store, ledger.uncopied())
        async with running(copy):
            await copy.drained()

    assert at_once == [1, 2, 3]
    assert [fact.seq for batch in store.arrived for fact in batch.facts] == [1, 2, 3]
    assert copy.next_number == 4


TICKETS = st.integers(0, 2)
STAGES = st.sampled_from([Stage.READY, Stage.PUBLISHING, Stage.RUNNING, Stage.COMPLETED])


@st.composite
def turns(draw: st.DrawFn) -> list[Batch]:
    """Draw a plan's turns: with facts and without, with several changes of one ticket."""
    batches = [a_plan_on_record(a_workflow(), facts=1, tickets=3)]
    seq = 1
    for number in range(draw(st.integers(1, 6))):
        new = draw(st.integers(0, 2))
        changes = draw(st.dictionaries(TICKETS, STAGES, max_size=3))
        said = draw(st.sets(TICKETS, max_size=2))
        moved = {1: a_workflow(completed=number)} if new and draw(st.booleans()) else {}
        batches.append(
            Batch(
                facts=[a_fact(1, seq + one) for one in range(1, new + 1)],
                changes=[a_change(one, stage, number) for one, stage in changes.items()],
                progress=[ProgressRecord(f"at {number}", KEY + one) for one in sorted(said)],
                audit=[AuditRecord(NOON + number, "orch-decision-1", "noted", "us", "{}")],
                workflows=moved,
            )
        )
        seq += new
    return batches


@given(turns(), st.data())
@settings(max_examples=25)
def test_merged_batches_say_what_their_parts_say(batches: list[Batch], data: st.DataObject) -> None:
    """However many turns travel together, the records are the same."""
    cut = data.draw(st.integers(0, len(batches)))

    async def kept(*some: Batch) -> dict[str, list[tuple[object, ...]]]:
        with a_place_in_memory() as (ledger, connection):
            for batch in some:
                await ledger.commit(batch)
            return records_of(connection)

    together = [merged(part) for part in (batches[:cut], batches[cut:]) if part]

    assert asyncio.run(kept(*together)) == asyncio.run(kept(*batches))


@given(turns(), st.data())
@settings(max_examples=100)
def test_a_crash_at_any_moment_leaves_the_same_records(
    batches: list[Batch], data: st.DataObject
) -> None:
    """The next process begins somewhere before the end of what the store has."""
    arrived = data.draw(st.integers(0, len(batches)))
    noted = data.draw(st.integers(0, arrived))

    async def records(*, crash: bool) -> dict[str, list[tuple[object, ...]]]:
        with a_place_in_memory() as (ledger, connection):
            for batch in batches[: arrived if crash else len(batches)]:
                await ledger.commit(batch)
            if crash:
                copy = RecordCopy(ledger, list(enumerate(batches, 1))[noted:])
                async with running(copy):
                    await copy.drained()
            return records_of(connection)

    expected = asyncio.run(records(crash=False))

    assert asyncio.run(records(crash=True)) == expected


def test_the_records_of_a_directory_can_be_compared(tmp_path: Path) -> None:
    """The tests that follow rest on this reading."""
    with a_ledger(tmp_path) as ledger:
        asyncio.run(ledger.commit(a_plan_on_record(a_workflow())))

    assert [row[3] for row in records_in(tmp_path)["tickets"]] == ["WAITING"]
