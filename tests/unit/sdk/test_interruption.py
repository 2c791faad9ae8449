"""How attempts end before their handlers do: by time, by cancellation, by shutdown."""

import asyncio

import pytest

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus, TaskType
from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk import (
    TicketCancelled,
    TicketContext,
    TicketSuperseded,
    Worker,
)
from tests.unit.sdk.queue_transport import PATIENCE_S, QueueTransport
from tests.unit.sdk.running import at_once, for_ever, result_of, results_of, running
from tests.unit.sdk.tickets import a_ticket

STOPS = [HeartbeatVerdict.CANCELLED, HeartbeatVerdict.SUPERSEDED]


async def test_an_attempt_that_takes_too_long_fails_and_frees_its_lane() -> None:
    """A handler that hangs must not hang its worker."""
    worker = Worker("w")
    cleaned_up = asyncio.Event()

    @worker.handles("EXECUTE")
    async def hang(ticket: ExecutionTicket, context: TicketContext) -> None:
        try:
            await for_ever()
        finally:
            cleaned_up.set()

    worker.handles("QUERY")(at_once)
    slow, quick = await results_of(
        worker, a_ticket("slow", timeout_ms=5), a_ticket("quick", kind=TaskType.QUERY)
    )

    assert slow.status is ExecutionStatus.FAILED
    assert slow.error_message == "TimeoutError: the handler had not ended after its 5 ms"
    assert "retryable" not in slow.result.metadata
    assert cleaned_up.is_set()
    assert quick.status is ExecutionStatus.COMPLETED


async def test_a_time_out_of_the_handlers_own_is_told_as_its_own() -> None:
    """Its author must not look for a limit that nobody has set."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        raise TimeoutError("the compiler did not answer")

    result = await result_of(worker, a_ticket())

    assert result.error_message == "TimeoutError: the compiler did not answer"


async def test_a_handler_that_returns_in_spite_of_its_time_out_has_still_timed_out() -> None:
    """The orchestrator has given the attempt up by then, and both must say the same."""
    worker = Worker("w")

    @worker.handles()
    async def stubborn(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        try:
            await for_ever()
        except asyncio.CancelledError:
            return {"done": "after all"}
        return {}

    result = await result_of(worker, a_ticket(timeout_ms=5))

    assert result.status is ExecutionStatus.FAILED
    assert result.result.output == {}


async def test_a_cancellation_interrupts_a_handlerat_once() -> None:
    """Whoever cancels a plan wants the work to stop, and not to be told of it an hour later."""
    worker, transport, ticket = Worker("w"), QueueTransport(), a_ticket()
    seen: list[bool] = []

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()
        try:
            await for_ever()
        finally:
            seen.append(context.cancelled)

    async with running(worker, transport):
        await transport.put(ticket)
        await transport.alive(1)
        transport.interrupt(ticket, HeartbeatVerdict.CANCELLED)
        (result,) = await transport.reported(1)

    assert result.status is ExecutionStatus.CANCELLED
    assert not result.result.success
    assert result.result.metadata == {"attempt": "1"}
    assert seen == [True]
    assert transport.watched == 0


async def test_an_attempt_that_was_taken_over_says_nothing_more() -> None:
    """Its answer would compete with that of the attempt that has taken its place."""
    worker, transport, ticket = Worker("w"), QueueTransport(), a_ticket()

    @worker.handles("EXECUTE")
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()
        await for_ever()

    worker.handles("QUERY")(at_once)
    async with running(worker, transport):
        await transport.put(ticket)
        await transport.alive(1)
        transport.interrupt(ticket, HeartbeatVerdict.SUPERSEDED)
        await transport.put(a_ticket("next", kind=TaskType.QUERY))
        results = await transport.reported(1)

    assert [result.ticket_id for result in results] == ["next"]


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (HeartbeatVerdict.CANCELLED, TicketCancelled),
        (HeartbeatVerdict.SUPERSEDED, TicketSuperseded),
    ],
)
async def test_a_heartbeat_raises_where_the_attempt_is_over(
    verdict: HeartbeatVerdict, error: type[Exception]
) -> None:
    """A transport that cannot push tells it with the next heartbeat."""
    worker, ticket = Worker("w"), a_ticket("over")
    transport = QueueTransport([ticket, a_ticket("next")])
    transport.decide(ticket, verdict)
    raised: list[Exception] = []

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        try:
            await context.heartbeat()
        except (TicketCancelled, TicketSuperseded) as told:
            raised.append(told)
            raise

    async with running(worker, transport):
        results = await transport.reported(1 if verdict is HeartbeatVerdict.SUPERSEDED else 2)

    assert [type(one) for one in raised] == [error]
    statuses = {str(result.ticket_id): result.status for result in results}
    assert statuses.pop("next") is ExecutionStatus.COMPLETED
    expected = {"over": ExecutionStatus.CANCELLED} if error is TicketCancelled else {}
    assert statuses == expected


@pytest.mark.parametrize("verdict", STOPS)
async def test_a_handler_cannot_talk_an_interruption_away(verdict: HeartbeatVerdict) -> None:
    """Code that catches everything would otherwise report a success that nobody waits for."""
    worker, ticket = Worker("w"), a_ticket("over")
    transport = QueueTransport([ticket, a_ticket("next", kind=TaskType.QUERY)])
    transport.decide(ticket, verdict)

    @worker.handles("EXECUTE")
    async def careless(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        try:
            await context.heartbeat()
        except (TicketCancelled, TicketSuperseded):
            return {"done": "never mind"}
        return {}

    worker.handles("QUERY")(at_once)
    async with running(worker, transport):
        await transport.reported(1 if verdict is HeartbeatVerdict.SUPERSEDED else 2)

    completed = [one for one in transport.results if one.status is ExecutionStatus.COMPLETED]
    assert [one.ticket_id for one in completed] == ["next"]


async def test_cancelling_a_worker_interrupts_its_handlers_and_reports_nothing() -> None:
    """Nobody knows how far they had come; the orchestrator's time-out takes it from there."""
    worker, transport = Worker("w", concurrency=2), QueueTransport([a_ticket("a"), a_ticket("b")])
    interrupted: list[str] = []

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()
        try:
            await for_ever()
        except asyncio.CancelledError:
            interrupted.append(ticket.ticket_id)
            raise

    async with running(worker, transport):
        await transport.alive(2)

    assert sorted(interrupted) == ["a", "b"]
    assert transport.results == []
    assert transport.watched == 0


async def test_a_handler_cannot_keep_its_worker_from_being_cancelled() -> None:
    """A shutdown must come to its end, whatever handlers catch."""
    worker, transport = Worker("w"), QueueTransport([a_ticket()])

    @worker.handles()
    async def stubborn(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()
        try:
            await for_ever()
        except asyncio.CancelledError:
            return

    async with asyncio.timeout(PATIENCE_S), running(worker, transport):
        await transport.alive(1)

    assert transport.results == []


async def test_a_cancellation_of_the_handlers_own_is_a_failed_attempt() -> None:
    """A handler that awaits something cancelled must not end its worker."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        answer = asyncio.get_running_loop().create_future()
        answer.cancel("the connection was closed")
        await answer

    result = await result_of(worker, a_ticket())

    assert result.status is ExecutionStatus.FAILED
    assert (result.error_message or "").startswith("CancelledError:")
