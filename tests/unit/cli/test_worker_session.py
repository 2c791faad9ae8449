"""How workers in a process of their own are put together, run and brought to an end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from orchestrator_dynamic.cli.worker_session import (
    group_of,
    refuse_unequal,
    resized,
    serve,
)
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk import TicketContext, Worker
from tests.unit.sdk.queue_transport import PATIENCE_S, QueueTransport
from tests.unit.sdk.running import at_once
from tests.unit.sdk.tickets import a_ticket


class CountingTransport(QueueTransport):
    """A transport that knows how many tickets are still to be answered."""

    async def drain(self) -> None:
        """Wait until what was put in is answered."""
        await self.reported(1)


def a_worker(name: str, *types: str, capabilities: frozenset[str] = frozenset()) -> Worker:
    """Return a worker that does nothing, at once."""
    worker = Worker(name, capabilities=capabilities)
    worker.handles(*types)(at_once)
    return worker


def test_a_kind_of_worker_has_its_own_group() -> None:
    """Kinds in one group would pass over each other's tickets."""
    profile = WorkerProfile(worker_id="desk-1")

    assert group_of(profile, None) == "worker-desk-1"
    assert group_of(profile, "tea") == "tea"


def test_workers_that_can_do_different_things_share_no_group() -> None:
    """What one passes over is given to no other, and would wait for its time-out."""
    builder, tester = a_worker("b", "BUILD"), a_worker("t", "TEST")

    with pytest.raises(Misconfigured, match="--group tea: b, t cannot execute the same tickets"):
        refuse_unequal([builder, tester], "tea")
    refuse_unequal([builder, tester], None)
    refuse_unequal([builder, a_worker("b-2", "BUILD")], "tea")


def test_a_resized_worker_does_the_same_more_often_at_once() -> None:
    """Only the number is the operator's to choose."""
    worker = a_worker("w", "BUILD", "TEST", capabilities=frozenset({"compile"}))

    other = resized(worker, 7)

    assert other.profile() == worker.profile().model_copy(update={"concurrency": 7})
    assert other.handler_for(TaskType.BUILD) is at_once
    assert other.handler_for(TaskType.QUERY) is None


def test_a_resized_worker_of_every_type_still_takes_every_type() -> None:
    """It has a handler for those that nobody has named."""
    other = resized(a_worker("w"), 2)

    assert all(other.profile().can_execute(kind, ()) for kind in TaskType)


async def served(worker: Worker, transport: CountingTransport, stop: asyncio.Event) -> bool:
    """Serve `worker` until `stop`, with hardly any patience."""

    @asynccontextmanager
    async def opened(profile: WorkerProfile, group: str) -> AsyncIterator[CountingTransport]:
        yield transport

    async with asyncio.timeout(PATIENCE_S):
        return await serve([worker], opened, None, stop=stop, patience_s=0.2, on_ready=lambda: None)


async def test_a_stop_lets_what_runs_come_to_its_end() -> None:
    """A deployment stops workers all the time; their work must not begin anew each time."""
    worker, stop = Worker("w"), asyncio.Event()
    transport = CountingTransport([a_ticket()])

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        stop.set()
        for _ in range(3):
            await asyncio.sleep(0)

    assert await served(worker, transport, stop)

    assert [result.ticket_id for result in transport.results] == ["t-1"]


async def test_a_stop_gives_up_what_does_not_end_in_time() -> None:
    """A handler that hangs must not hang the stop."""
    worker, stop = Worker("w"), asyncio.Event()
    transport = CountingTransport([a_ticket()])

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        stop.set()
        await asyncio.Event().wait()

    assert not await served(worker, transport, stop)

    assert transport.results == []


async def test_a_transport_that_fails_ends_the_session() -> None:
    """A worker that can take nothing any more must not look alive."""

    class Broken(CountingTransport):
        async def take(self, profile: WorkerProfile) -> ExecutionTicket:
            raise Misconfigured("the brokers refuse us")

    with pytest.RaisesGroup(
        pytest.RaisesExc(Misconfigured, match="refuse us"), flatten_subgroups=True
    ):
        await served(a_worker("w"), Broken(), asyncio.Event())
