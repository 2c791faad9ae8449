"""What is told to workflows arrives in order, in few calls, none of them too large for a server."""

import asyncio

import pytest

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.plan_workflows import Telling as Kind
from orchestrator_dynamic.ports.plan_workflows import Told
from orchestrator_dynamic.runtime.telling import Telling
from tests.support.temporal_listening import ListeningWorkflows

PLAN = WorkflowId("orch-1")
OTHER = WorkflowId("orch-2")


def told(number: int, body: str = "{}") -> Told:
    """Return something about the ticket with this number."""
    return Told(kind=Kind.RESULT, at=number, number=number, body=body)


def numbers(calls: list[tuple[Told, ...]]) -> list[int | None]:
    """Return the tickets that calls were about, in order."""
    return [one.number for call in calls for one in call]


async def test_what_gathers_during_a_call_goes_with_the_next() -> None:
    """A busy plan hears of hundreds of answers at once, in the order in which they came."""
    workflows = ListeningWorkflows()
    telling = Telling(workflows)
    workflows.hold()

    async with asyncio.TaskGroup() as tasks:
        for number in range(300):
            tasks.create_task(telling.tell(PLAN, [told(number)]))
        await workflows.called()
        workflows.let_go()

    assert [len(call) for call in workflows.calls[PLAN]] == [1, 299]
    assert numbers(workflows.calls[PLAN]) == list(range(300))


async def test_a_quiet_plan_is_told_without_delay() -> None:
    """One plan whose call takes its time makes no other wait."""
    workflows = ListeningWorkflows()
    telling = Telling(workflows)
    workflows.hold()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(telling.tell(PLAN, [told(1)]))
        await workflows.called()
        workflows.let_go()
        assert await telling.tell(OTHER, [told(2)])

    assert numbers(workflows.calls[OTHER]) == [2]


@pytest.mark.parametrize("body", ["{}", "x" * 16_000, '"' * 16_000, "é" * 16_000, "\\\\" * 8_000])
async def test_what_one_caller_brings_is_split_as_a_server_takes_it(body: str) -> None:
    """A server refuses a large call for good, so that its answers would never arrive."""
    workflows = ListeningWorkflows()

    heard = await Telling(workflows).tell(PLAN, [told(number, body) for number in range(1_200)])

    calls = workflows.calls[PLAN]
    assert heard
    assert numbers(calls) == list(range(1_200))
    assert max(len(call) for call in calls) <= 500
    assert max(workflows.size_of(call) for call in calls) <= 256 * 1024


async def test_something_large_goes_alone() -> None:
    """It must go somehow; whether it may be so large is for others to say."""
    workflows = ListeningWorkflows()

    await Telling(workflows).tell(PLAN, [told(1), told(2, "x" * 300_000), told(3)])

    assert [len(call) for call in workflows.calls[PLAN]] == [1, 1, 1]


async def test_nothing_is_told_by_no_call() -> None:
    """An empty signal would be an event in a history for nothing."""
    workflows = ListeningWorkflows()

    assert await Telling(workflows).tell(PLAN, [])
    assert workflows.calls == {}


async def test_a_workflow_that_has_ended_hears_nothing() -> None:
    """Whoever brings answers keeps them as too late; the rest of them is not even sent."""
    workflows = ListeningWorkflows(ended={PLAN})

    heard = await Telling(workflows).tell(PLAN, [told(number) for number in range(1_200)])

    assert not heard
    assert len(workflows.calls[PLAN]) == 1


async def test_a_failed_call_fails_those_whom_it_was_for() -> None:
    """Each of them brings it again; who comes later is not concerned."""
    workflows = ListeningWorkflows()
    telling = Telling(workflows)
    workflows.hold()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(telling.tell(PLAN, [told(1)]))
        await workflows.called()
        others = [tasks.create_task(_outcome(telling, number)) for number in (2, 3)]
        await asyncio.sleep(0)
        workflows.fail_next(Unavailable("away"), after=1)
        workflows.let_go()

    assert first.result()
    assert [str(other.result()) for other in others] == ["away", "away"]
    assert await telling.tell(PLAN, [told(4)])
    assert numbers(workflows.calls[PLAN]) == [1, 4]


async def test_whoever_is_stopped_while_telling_for_others_leaves_them_an_error() -> None:
    """Otherwise they would wait for an answer that nobody brings."""
    workflows = ListeningWorkflows()
    telling = Telling(workflows)
    workflows.hold()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(telling.tell(PLAN, [told(1)]))
        await workflows.called()
        sender = tasks.create_task(telling.tell(PLAN, [told(2)]))
        other = tasks.create_task(_outcome(telling, 3))
        await asyncio.sleep(0)
        workflows.let_go(1)
        await workflows.called()
        sender.cancel()

    assert isinstance(other.result(), Unavailable)
    assert numbers(workflows.calls[PLAN]) == [1]


async def test_whoever_stops_waiting_is_not_told_for() -> None:
    """What nobody waits for any more would come as a surprise."""
    workflows = ListeningWorkflows()
    telling = Telling(workflows)
    workflows.hold()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(telling.tell(PLAN, [told(1)]))
        await workflows.called()
        gone = tasks.create_task(telling.tell(PLAN, [told(2)]))
        tasks.create_task(telling.tell(PLAN, [told(3)]))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        workflows.let_go()

    assert numbers(workflows.calls[PLAN]) == [1, 3]


async def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    """Whatever a client library raises, the others' calls end."""
    workflows = ListeningWorkflows()
    telling = Telling(workflows)
    workflows.hold()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(telling.tell(PLAN, [told(1)]))
        await workflows.called()
        second = tasks.create_task(_outcome(telling, 2))
        third = tasks.create_task(_outcome(telling, 3))
        await asyncio.sleep(0)
        workflows.fail_next(ZeroDivisionError("a fault"), after=1)
        workflows.let_go()

    assert first.result()
    assert isinstance(second.result(), ZeroDivisionError)
    assert isinstance(third.result(), Unavailable)


async def _outcome(telling: Telling, number: int) -> bool | Exception:
    try:
        return await telling.tell(PLAN, [told(number)])
    except (Unavailable, ZeroDivisionError) as error:
        return error
