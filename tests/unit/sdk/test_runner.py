"""What a worker does with a ticket, from taking it to reporting what became of it."""

import asyncio

import pytest

from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus, TaskType
from orchestrator_dynamic.sdk import (
    PermanentFailure,
    TicketContext,
    Worker,
    run_worker,
)
from orchestrator_dynamic.simulation.virtual_clock import NOON_MS, VirtualClock
from tests.unit.sdk.queue_transport import PATIENCE_S, QueueTransport
from tests.unit.sdk.running import at_once, result_of, results_of, running
from tests.unit.sdk.tickets import a_ticket


async def test_what_a_handler_returns_becomes_the_result() -> None:
    """This is the whole product, seen from a worker."""
    worker = Worker("builder-1")
    clock = VirtualClock()

    @worker.handles("BUILD")
    async def build(ticket: ExecutionTicket, context: TicketContext) -> dict[str, object]:
        clock.advance(1_500)
        return {"artifact": f"{ticket.task_id}.tar", "size": 3}

    transport = QueueTransport([a_ticket("t-1", kind=TaskType.BUILD, attempt=2)])
    async with running(worker, transport, clock):
        (result,) = await transport.reported(1)

    assert result.ticket_id == "t-1"
    assert result.status is ExecutionStatus.COMPLETED
    assert result.result.success
    assert result.result.output == {"artifact": "task of t-1.tar", "size": "3"}
    assert result.result.metadata == {"attempt": "2"}
    assert result.result.logs == ()
    assert result.error_message is None
    assert result.actual_duration_ms == 1_500
    assert result.agent_id == "builder-1"
    assert result.timestamp == NOON_MS + 1_500


async def test_a_clock_that_is_set_back_gives_no_negative_duration() -> None:
    """Real clocks are corrected now and then, and the contract knows no negative time."""
    worker = Worker("w")
    clock = VirtualClock()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        clock.advance(-60_000)

    transport = QueueTransport([a_ticket()])
    async with running(worker, transport, clock):
        (result,) = await transport.reported(1)

    assert result.actual_duration_ms == 0


async def test_an_exception_is_a_failed_attempt_and_the_worker_goes_on() -> None:
    """One bad ticket must not take the others with it."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.ticket_id == "bad":
            raise LookupError("no such artifact")

    bad, good = await results_of(worker, a_ticket("bad"), a_ticket("good"))

    assert bad.status is ExecutionStatus.FAILED
    assert not bad.result.success
    assert bad.error_message == "LookupError: no such artifact"
    assert bad.result.metadata == {"attempt": "1"}
    assert good.status is ExecutionStatus.COMPLETED


async def test_a_permanent_failure_says_that_it_is_not_retryable() -> None:
    """The orchestrator then ends the ticket at once instead of using up its attempts."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        raise PermanentFailure("there is no such branch")

    result = await result_of(worker, a_ticket())

    assert result.status is ExecutionStatus.FAILED
    assert result.error_message == "PermanentFailure: there is no such branch"
    assert result.result.metadata == {"attempt": "1", "retryable": "false"}


async def test_a_ticket_that_no_handler_takes_is_a_failed_attempt() -> None:
    """A transport that sends it here may find another worker for the next attempt."""
    worker = Worker("w")
    worker.handles("BUILD")(at_once)

    class Careless(QueueTransport):
        def _oldest(self, profile: object) -> ExecutionTicket | None:
            return next(iter(self._tickets), None)

    transport = Careless([a_ticket(kind=TaskType.DEPLOY)])
    async with running(worker, transport):
        (result,) = await transport.reported(1)

    assert result.status is ExecutionStatus.FAILED
    assert result.error_message == "LookupError: worker w has no handler for DEPLOY tickets"
    assert "retryable" not in result.result.metadata


async def test_a_worker_works_on_as_many_tickets_as_it_says_and_no_more() -> None:
    """Its author knows what the machine can bear."""
    worker = Worker("w", concurrency=3)
    transport = QueueTransport(a_ticket(f"t-{number}") for number in range(7))
    go_on = asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()
        await go_on.wait()

    async with running(worker, transport):
        await transport.alive(3)
        at_once = transport.watched
        go_on.set()
        await transport.reported(7)

    assert at_once == 3
    assert transport.profiles == {worker.profile()}


async def test_a_worker_with_tickets_at_hand_lets_others_have_their_turn() -> None:
    """Timers, heartbeats and an orchestrator in the same process share the loop with it."""
    worker, turns = Worker("w"), 0
    ended = asyncio.Event()

    class Endless(QueueTransport):
        async def take(self, profile: object) -> ExecutionTicket:
            return a_ticket()

        async def report(self, result: ExecutionResult) -> None: ...

    worker.handles()(at_once)

    async def another() -> None:
        nonlocal turns
        while turns < 10:
            await asyncio.sleep(0)
            turns += 1
        ended.set()

    async with asyncio.timeout(PATIENCE_S), running(worker, Endless()):
        await asyncio.gather(another(), ended.wait())

    assert turns == 10


async def test_what_the_transport_raises_ends_the_worker() -> None:
    """Whoever runs it decides whether to run it again."""
    worker = Worker("w", concurrency=2)
    worker.handles()(at_once)

    class Gone(QueueTransport):
        async def report(self, result: ExecutionResult) -> None:
            raise Unavailable("the orchestrator is gone")

    with pytest.raises(ExceptionGroup) as ended:
        await run_worker(worker, Gone([a_ticket()]), clock=VirtualClock())

    assert ended.group_contains(Unavailable, match="the orchestrator is gone")


async def test_a_worker_without_a_handler_does_not_start() -> None:
    """It would take tickets only to fail them."""
    with pytest.raises(Misconfigured, match="worker w has no handler"):
        await run_worker(Worker("w"), QueueTransport(), clock=VirtualClock())
