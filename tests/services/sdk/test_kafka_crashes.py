"""Workers and brokers die at any moment; no ticket is lost, and none is done on the quiet."""

import asyncio
from pathlib import Path

import pytest

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.services.sdk.exchange import PATIENCE_S, Exchange, passes
from tests.services.sdk.worker_process import executed_in, worker_process
from tests.support.servers.kafka import Kafka
from tests.unit.sdk.running import at_once
from tests.unit.sdk.tickets import a_ticket

pytestmark = pytest.mark.services


def on_plans(count: int, plans: int = 16) -> list[ExecutionTicket]:
    """Return `count` tickets of `plans` plans, so that they spread over partitions."""
    return [
        a_ticket(f"t-{number}").model_copy(update={"plan_id": f"plan-{number % plans}"})
        for number in range(count)
    ]


async def test_what_a_killed_worker_was_at_is_delivered_again(
    exchange: Exchange, tmp_path: Path
) -> None:
    """Nobody else knows that it was begun."""
    hanging = a_ticket("hanging").model_copy(update={"description": "hang"})
    async with worker_process(exchange, tmp_path / "first") as killed:
        await exchange.publish(hanging)
        await killed.until_executed(1)
        await killed.kill()

    worker = Worker("second")
    worker.handles()(at_once)
    async with exchange.working(worker):
        (answer,) = await exchange.answers(1)

    assert answer.ticket_id == "hanging"
    assert answer.agent_id == "second"


async def test_no_ticket_is_lost_however_often_workers_are_killed(
    exchange: Exchange, tmp_path: Path
) -> None:
    """And each is answered: what is committed has been acknowledged before."""
    await exchange.publish(*on_plans(600))
    record = tmp_path / "record"
    async with asyncio.timeout(4 * PATIENCE_S):
        for killed_after in (100, 250, 420):
            async with worker_process(exchange, record) as worker:
                await worker.until_executed(killed_after)
        async with worker_process(exchange, record):
            answers = await exchange.answers(600)
            await exchange.until_committed(600)

    assert len(answers) == 600
    assert executed_in(record).keys() == {f"t-{number}" for number in range(600)}


async def test_a_kill_between_answer_and_offset_repeats_the_ticket(
    exchange: Exchange, tmp_path: Path
) -> None:
    """The other order would lose it; the orchestrator counts the second answer as repeated."""
    record = tmp_path / "record"
    async with worker_process(exchange, record, commit_interval_s=3_600):
        await exchange.publish(a_ticket())
        await exchange.answers(1)
        committed = await exchange.committed()

    async with worker_process(exchange, record):
        await exchange.answers(1)
        await exchange.until_committed(1)

    assert committed == 0
    assert executed_in(record) == {"t-1": 2}


async def test_an_answer_that_is_not_acknowledged_commits_nothing(exchange: Exchange) -> None:
    """Work that nobody has heard of is not done."""
    worker, executed = Worker("w"), asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.set()

    await exchange.publish(a_ticket())
    async with (
        exchange.transport(worker, results_topic="a-topic-that-nobody-has-made") as transport,
        asyncio.TaskGroup() as tasks,
    ):
        run = tasks.create_task(run_worker(worker, transport, clock=VirtualClock()))
        await executed.wait()
        await passes(1.0)
        run.cancel()
    assert await exchange.committed() == 0

    async with exchange.working(worker):
        (answer,) = await exchange.answers(1)
    assert answer.status is ExecutionStatus.COMPLETED


async def test_work_goes_on_after_the_broker_was_killed(kafka: Kafka, exchange: Exchange) -> None:
    """Answers wait for it, for as long as it takes, and are then acknowledged like any others."""
    worker, executed = Worker("w", concurrency=4), list[str]()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.append(ticket.ticket_id)
        await passes(0.01)

    async with exchange.working(worker):
        await exchange.publish(*on_plans(400))
        await exchange.answers(50)
        await asyncio.to_thread(kafka.kill)
        await passes(3)
        await asyncio.to_thread(kafka.start)
        await exchange.publish(a_ticket("afterwards"))
        heard = {one.ticket_id for one in exchange.heard}
        async with asyncio.timeout(2 * PATIENCE_S):
            while len(heard) < 401:
                heard.add((await exchange.hear()).ticket_id)
        await exchange.until_committed(401)

    assert set(executed) == heard
    assert {one.status for one in exchange.heard} <= {
        ExecutionStatus.COMPLETED,
        ExecutionStatus.RUNNING,
    }


async def test_a_broker_that_hangs_holds_work_up_and_loses_nothing(
    kafka: Kafka, exchange: Exchange
) -> None:
    """A connection that is open and silent is worse than one that is gone."""
    worker = Worker("w", concurrency=4)
    worker.handles()(at_once)

    async with exchange.working(worker):
        await exchange.publish(*on_plans(100))
        await exchange.answers(100)
        await asyncio.to_thread(kafka.freeze)
        await passes(6)
        await asyncio.to_thread(kafka.thaw)
        later = [a_ticket(f"later-{number}") for number in range(100)]
        await exchange.publish(*later)
        answers = await exchange.answers(100)
        await exchange.until_committed(200)

    assert {one.ticket_id for one in answers} >= {one.ticket_id for one in later}
