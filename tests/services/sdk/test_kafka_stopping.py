"""How a worker over Kafka stops: what runs is finished and committed, or given to others."""

import asyncio

import pytest

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.cli.worker_session import serve
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.sdk.runner import run_worker
from tests.services.sdk.exchange import PATIENCE_S, Exchange, passes
from tests.support.servers.kafka import Kafka
from tests.unit.sdk.running import at_once
from tests.unit.sdk.tickets import a_ticket

pytestmark = pytest.mark.services


async def served(
    exchange: Exchange, worker: Worker, begun: asyncio.Event, patience_s: float
) -> bool:
    """Serve `worker`, stop when it has begun, and return whether it could finish."""
    async with asyncio.timeout(PATIENCE_S):
        return await serve(
            [worker],
            lambda profile, group: exchange.transport(worker),
            None,
            stop=begun,
            patience_s=patience_s,
            on_ready=lambda: None,
        )


async def test_a_stop_finishes_what_runs_and_leaves_the_rest(exchange: Exchange) -> None:
    """What is finished is not begun again by others, and they need not wait for a time-out."""
    worker, begun = Worker("w", concurrency=2), asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await passes(0.5)

    await exchange.publish(*[a_ticket(f"t-{number}") for number in range(6)])
    finished = await served(exchange, worker, begun, patience_s=10)
    done = await exchange.committed()
    other = Worker("other")
    other.handles()(at_once)
    async with exchange.working(other):
        answers = await exchange.answers(6)

    assert finished
    assert 1 <= done <= 2
    by = [answer.agent_id for answer in answers]
    assert by == ["w"] * done + ["other"] * (6 - done)


async def test_what_does_not_end_in_time_is_given_to_others(exchange: Exchange) -> None:
    """At once, for a worker that stops leaves its group."""
    worker, begun = Worker("w"), asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    await exchange.publish(a_ticket())
    finished = await served(exchange, worker, begun, patience_s=0.2)
    other = Worker("other")
    other.handles()(at_once)
    async with exchange.working(other):
        answer = await exchange.hear(patience_s=3)

    assert not finished
    assert answer.agent_id == "other"


async def test_a_stop_while_the_broker_is_away_ends_in_time_and_loses_nothing(
    kafka: Kafka, exchange: Exchange
) -> None:
    """Answers that nobody can take are given again by whoever executes the tickets again."""
    worker, begun, go = Worker("w", concurrency=2), asyncio.Event(), asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await go.wait()

    await exchange.publish(*[a_ticket(f"t-{number}") for number in range(6)])
    async with exchange.transport(worker) as transport, asyncio.TaskGroup() as tasks:
        run = tasks.create_task(run_worker(worker, transport, clock=SystemClock()))
        await begun.wait()
        await asyncio.to_thread(kafka.kill)
        go.set()
        await passes(0.5)
        run.cancel()
        left_at = asyncio.get_running_loop().time()
    took = asyncio.get_running_loop().time() - left_at
    await asyncio.to_thread(kafka.start)
    other = Worker("other")
    other.handles()(at_once)
    async with exchange.working(other):
        answers = await exchange.answers(6)

    assert took < 20
    assert {answer.agent_id for answer in answers} == {"other"}
