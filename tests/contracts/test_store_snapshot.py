"""The port `Store`: within a snapshot, all answers are of the same moment."""

import asyncio

import pytest

from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import NotFound, Store
from tests.support.kept import Kept
from tests.support.ledgers import a_plan_on_record, a_workflow

EVERYTHING = WorkflowFilter()


async def count_in(store: Store) -> int:
    """Return how many workflows `store` tells of."""
    return len((await store.workflows(EVERYTHING)).workflows)


async def test_a_snapshot_is_of_one_moment(kept: Kept) -> None:
    """A story that was gathered while the plan went on would contradict itself."""
    store = await kept.committed(a_plan_on_record(a_workflow(1)))

    async with store.snapshot():
        before = await count_in(store)
        await kept.committed(a_plan_on_record(a_workflow(2)))
        within = await count_in(store)
    after = await count_in(store)

    assert (before, within, after) == (1, 1, 2)


async def test_two_may_look_at_the_same_time(kept: Kept) -> None:
    """Requests of several people meet in one process, and none of them may fail for that."""
    store = await kept.committed(a_plan_on_record(a_workflow(1)))

    async def looked() -> tuple[int, int]:
        async with store.snapshot():
            first = await count_in(store)
            await asyncio.sleep(0)
            return first, await count_in(store)

    async with asyncio.TaskGroup() as tasks:
        looking = [tasks.create_task(looked()) for _ in range(3)]

    assert [task.result() for task in looking] == [(1, 1)] * 3


async def test_a_question_without_an_answer_ends_its_snapshot(kept: Kept) -> None:
    """Else whoever mistypes a name would freeze the moment for everybody after them."""
    store = await kept.committed(a_plan_on_record(a_workflow(1)))

    with pytest.raises(NotFound):
        async with store.snapshot():
            await store.workflow("mistyped")
    await kept.committed(a_plan_on_record(a_workflow(2)))

    assert await count_in(store) == 2
