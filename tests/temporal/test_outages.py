"""What is away for a while holds plans up and loses nothing; a fault of ours stops one plan."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.ports.ticket_publisher import Refusal, TicketPublisher
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.queue_publishing import QueuedTickets
from orchestrator_dynamic.sdk import TicketContext
from tests.support.engines import a_chain, a_worker, rows
from tests.support.messages import a_task
from tests.support.temporal_faults import Faults, FaultyLedger, FaultyPublisher
from tests.support.temporal_server import DevServer, another_server
from tests.support.temporal_world import Process, a_new_message, a_process, finished


async def brought_again(process: Process, message: bytes) -> WorkflowId:
    """Hand a message in until it is taken, as a consumer does."""
    while True:
        try:
            return await process.begin(message)
        except Unavailable:
            await asyncio.sleep(0)


async def until_struck(faults: Faults, times: int) -> None:
    """Return when somebody has met the outage so often."""
    while faults.struck < times:  # noqa: ASYNC110 - a count sets no event.
        await asyncio.sleep(0)


async def test_a_store_that_is_away_holds_tickets_up(server: DevServer, tmp_path: Path) -> None:
    """What cannot be kept is not published; once it can, the plan goes on by itself."""
    faults, began = Faults(), asyncio.Event()
    done: list[str] = []

    def wrap(ledger: SharedLedger) -> SharedLedger:
        return FaultyLedger(ledger, faults)

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        done.append(ticket.task_id)
        if ticket.task_id == "a":
            faults.away = True
            began.set()

    async with a_process(tmp_path, server.address, a_worker(work), wrap_ledger=wrap) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("a", "b", "c")))
        await began.wait()
        await until_struck(faults, 3)
        done_meanwhile = list(done)
        faults.away = False
        outcome = await process.outcome_of(workflow_id)

    assert done_meanwhile == ["a"]
    assert outcome is Outcome.SUCCESS
    assert done == ["a", "b", "c"]
    assert rows(tmp_path, "SELECT count(*) FROM results") == [(3,)]


async def test_a_broker_that_is_away_holds_tickets_up(server: DevServer, tmp_path: Path) -> None:
    """They are PENDING meanwhile, which is what is recorded of them."""
    faults = Faults()
    faults.away = True
    async with a_process(
        tmp_path,
        server.address,
        a_worker(),
        publisher=lambda queue: FaultyPublisher(QueuedTickets(queue), faults),
    ) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("a", "b")))
        await until_struck(faults, 3)
        meanwhile = rows(tmp_path, "SELECT status, attempt FROM tickets ORDER BY number")
        faults.away = False
        outcome = await process.outcome_of(workflow_id)

    assert meanwhile[1] == ("PENDING", 0)
    assert meanwhile[0][0] == "PENDING"
    assert outcome is Outcome.SUCCESS
    assert rows(tmp_path, "SELECT attempt FROM tickets ORDER BY number") == [(1,), (1,)]


class RefusesSome:
    """A broker that takes everything but the tickets of the task `large`."""

    def __init__(self, queue: TicketQueue) -> None:
        self._inner: TicketPublisher = QueuedTickets(queue)

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """As the port says."""
        large = [one for one in dispatches if one.ticket.task_id == "large"]
        await self._inner.publish([one for one in dispatches if one not in large])
        return [Refusal(one.ticket.ticket_id, one.attempt, "it is too large") for one in large]

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says."""
        return await self._inner.cancel(dispatches)

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""
        self._inner.forget(ticket_id, attempt)


async def test_a_ticket_that_no_broker_takes_fails_for_good(
    server: DevServer, tmp_path: Path
) -> None:
    """Trying it again would end the same, for ever; what was done before it is undone."""
    tasks = (
        a_task("made", task_type="BUILD"),
        a_task("large", dependencies=["made"], task_type="BUILD"),
    )
    async with a_process(tmp_path, server.address, a_worker(), publisher=RefusesSome) as process:
        outcome = await process.run_to_end(a_new_message(*tasks))

    assert outcome is Outcome.COMPENSATED
    assert rows(tmp_path, "SELECT stage, attempt FROM tickets WHERE task_id = 'large'") == [
        ("FAILED", 1)
    ]
    [(said,)] = rows(tmp_path, "SELECT body FROM incidents")
    assert "it is too large" in str(said)


async def test_a_plan_whose_journal_is_broken_stops_alone(
    server: DevServer, tmp_path: Path
) -> None:
    """A person is called, nobody waits for its outcome, and all others go on."""
    async with a_process(tmp_path, server.address, a_worker(), task_queue="broken-1") as process:
        broken = await process.begin(a_new_message(*a_chain("a", "b"), requires_approval=True))
        await process.until(broken, lambda report: report.phase == "AWAITING_APPROVAL")
    with closing(sqlite3.connect(tmp_path / "orchestrator.sqlite3")) as connection:
        connection.execute("""UPDATE journal SET body = '{"kind": "nonsense"}'""")
        connection.commit()
    # A process that has no replica of it must read the journal.
    async with a_process(tmp_path, server.address, a_worker(), task_queue="broken-1") as process:
        other = await process.begin(a_new_message(*a_chain("a", "b")))
        reply = await process.ask(Action.APPROVE, broken)
        outcomes = await finished(process, [broken, other])
        with pytest.raises(WorkflowFailureError) as failure:
            await process.client.get_workflow_handle(broken).result()
        later = await process.ask(Action.APPROVE, broken)

    assert (reply.accepted, later.accepted) == (False, False)
    assert "stopped by a fault of ours" in reply.text
    assert outcomes == [None, Outcome.SUCCESS]
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == HALTED
    halted = rows(tmp_path, "SELECT workflow_id FROM workflows WHERE phase = 'HALTED'")
    assert halted == [(broken,)]
    assert rows(tmp_path, "SELECT incident_type, workflow_id FROM incidents") == [
        ("INCONSISTENCY", broken)
    ]


async def test_a_server_that_comes_back_goes_on_with_its_plans(tmp_path: Path) -> None:
    """What it had acknowledged it still knows; what it had not is brought again."""
    began, go_on = asyncio.Event(), asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.task_id == "b":
            began.set()
            await go_on.wait()

    async with (
        another_server(kept=True) as server,
        a_process(tmp_path, server.address, a_worker(work), patience_s=60) as process,
    ):
        plans = [await process.begin(a_new_message(*a_chain("a", "b", "c"))) for _ in range(5)]
        await began.wait()
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        go_on.set()
        later = await brought_again(process, a_new_message(*a_chain("a", "c")))
        outcomes = [await _outcome(process, name) for name in [*plans, later]]

    assert outcomes == [Outcome.SUCCESS] * 6
    assert rows(tmp_path, "SELECT count(DISTINCT ticket_id) FROM tickets") == [(17,)]


async def _outcome(process: Process, workflow_id: WorkflowId) -> Outcome | None:
    while True:
        try:
            return await process.outcome_of(workflow_id)
        except Unavailable:
            await asyncio.sleep(0)
