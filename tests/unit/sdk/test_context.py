"""What a handler can say while it works, and what it is told about its attempt."""

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.sdk import (
    TicketContext,
    Worker,
)
from orchestrator_dynamic.simulation.virtual_clock import NOON_MS
from tests.unit.sdk.queue_transport import QueueTransport
from tests.unit.sdk.running import at_once, result_of, results_of, running
from tests.unit.sdk.tickets import a_ticket


async def test_a_heartbeat_carries_progress_and_the_attempt() -> None:
    """It proves life, and people look at how far it has come."""
    worker, transport = Worker("w"), QueueTransport([a_ticket(attempt=3)])

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat(progress="half way", step="link")

    async with running(worker, transport):
        await transport.reported(1)

    (beat,) = transport.beats
    assert beat.status is ExecutionStatus.RUNNING
    assert beat.result.metadata == {"attempt": "3", "progress": "half way", "step": "link"}
    assert beat.agent_id == "w"
    assert beat.timestamp == NOON_MS


async def test_a_heartbeat_that_cannot_be_sent_does_not_fail_the_work() -> None:
    """A short outage must not cost an hour of compiling."""
    worker, transport = Worker("w"), QueueTransport([a_ticket()])
    transport.heartbeat_fails_with = Unavailable("the orchestrator restarts")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()

    async with running(worker, transport):
        (result,) = await transport.reported(1)

    assert result.status is ExecutionStatus.COMPLETED


async def test_the_key_of_an_effect_is_the_same_for_every_attempt() -> None:
    """An attempt must find what the one before it has already done."""
    worker = Worker("w")
    keys: list[tuple[int, str]] = []

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        keys.append((context.attempt, context.idempotency_key))

    await results_of(worker, a_ticket("t", attempt=1), a_ticket("t", attempt=2), a_ticket("u"))

    (first, key), (second, same_key), (_, other_key) = keys
    assert (first, second) == (1, 2)
    assert key == same_key != other_key


async def test_an_attempt_that_is_not_told_is_counted_from_the_retries() -> None:
    """Older orchestrators send no `attempt` in the metadata."""
    worker = Worker("w")
    worker.handles()(at_once)

    ticket = a_ticket(attempt=4).model_copy(update={"metadata": {}})
    result = await result_of(worker, ticket)

    assert result.result.metadata == {"attempt": "4"}


async def test_log_lines_travel_with_the_result_of_a_failure_too() -> None:
    """They matter most where it went wrong."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        context.log("compiling")
        context.log("linking")
        raise LookupError("libm")

    result = await result_of(worker, a_ticket())

    assert result.result.logs == ("compiling", "linking")


async def test_log_lines_are_bounded_and_the_last_are_kept() -> None:
    """A result is a message, and the reason of a failure stands at the end."""
    worker = Worker("w")

    @worker.handles()
    async def chatty(ticket: ExecutionTicket, context: TicketContext) -> None:
        for number in range(1_000):
            context.log(f"line {number} " + "x" * 10_000)

    logs = (await result_of(worker, a_ticket())).result.logs

    assert logs[0] == "… 800 earlier lines left out"
    assert logs[1].startswith("line 800 ")
    assert len(logs) == 201
    assert max(map(len, logs)) == 2_000
