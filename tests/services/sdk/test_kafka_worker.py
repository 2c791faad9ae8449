"""A worker with a broker between it and the orchestrator, on days on which nothing breaks."""

import asyncio
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import ExecutionStatus, TaskType, TicketStatus
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.sdk.loading import load_workers
from tests.services.sdk.exchange import PATIENCE_S, Exchange, passes
from tests.support.command_line import ROOT
from tests.unit.sdk.running import at_once
from tests.unit.sdk.tickets import a_ticket

pytestmark = pytest.mark.services


def on_plans(count: int, plans: int = 16) -> list[ExecutionTicket]:
    """Return `count` tickets of `plans` plans, so that they spread over partitions."""
    return [
        a_ticket(f"t-{number}").model_copy(update={"plan_id": f"plan-{number % plans}"})
        for number in range(count)
    ]


async def test_the_worker_of_the_readme_runs_unchanged(exchange: Exchange, tmp_path: Path) -> None:
    """Who wrote it for the embedded engine changes nothing to run it elsewhere."""
    code = re.search(r"`tea\.py`:\n\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert code is not None
    (tmp_path / "tea.py").write_text(code[1])
    (worker,) = load_workers("tea:worker", tmp_path)
    asked = {"description": "count the cups", "required_capabilities": ("read",)}
    ticket = a_ticket().model_copy(update=asked)

    async with exchange.working(worker):
        await exchange.publish(ticket, headers={"traceparent": b"00-1-2-01"})
        alive, result = await exchange.hear(), await exchange.hear()

    assert alive.status is ExecutionStatus.RUNNING
    assert alive.result.metadata == {"progress": "begun", "attempt": "1"}
    assert result.status is ExecutionStatus.COMPLETED
    assert result.result.output == {"done": "count the cups", "key": "t-1"}
    assert result.result.metadata["attempt"] == "1"
    assert result.agent_id == "desk-1"
    assert exchange.headers == [{"traceparent": b"00-1-2-01"}] * 2


async def test_a_worker_passes_over_what_is_not_for_it(exchange: Exchange) -> None:
    """Others read the same topic, and what they do is said there too; all of it counts as done."""
    worker = Worker("w", capabilities={"compile"})
    worker.handles("BUILD")(at_once)
    ours = a_ticket("ours", kind=TaskType.BUILD, needs="compile")

    async with exchange.working(worker) as transport:
        await exchange.publish(
            a_ticket("of-another-kind", kind=TaskType.DEPLOY),
            a_ticket("too-hard", kind=TaskType.BUILD, needs="sign"),
            ours.model_copy(update={"ticket_id": "done", "status": TicketStatus.COMPLETED}),
            ours,
        )
        (result,) = await exchange.answers(1)
        await exchange.until_committed(4)

    assert result.ticket_id == "ours"
    assert transport.tally == {"not_ours": 2, "not_pending": 1, "work": 1, "queued": 1}


async def test_poison_is_passed_over_and_told_without_its_content(
    exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    """One message that nobody can read must not stop all the others, nor leak into logs."""
    worker = Worker("w")
    worker.handles()(at_once)
    poison = [b"", b"password=hunter2", b"\x00\x00\x00\x00\x07hunter2", b'{"ticket_id": "hunter2"}']

    async with exchange.working(worker) as transport:
        for data in poison:
            await exchange.publish_bytes(data, b"plan-1")
        await exchange.publish(a_ticket("after"))
        (result,) = await exchange.answers(1)
        await exchange.until_committed(5)

    assert result.ticket_id == "after"
    assert transport.tally["unreadable"] == 4
    assert "is no ticket" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_full_worker_holds_no_more_than_it_works_on_and_twice_that(
    exchange: Exchange,
) -> None:
    """What it holds others cannot have, and memory is finite."""
    worker = Worker("w", concurrency=4)
    go, begun = asyncio.Event(), asyncio.Semaphore(0)

    @worker.handles()
    async def hold(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.release()
        await go.wait()

    async with exchange.working(worker) as transport:
        await exchange.publish(*on_plans(1_000))
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(4):
                await begun.acquire()
            # Two rests: time in which a worker without a bound would take all that is there.
            await passes(2.5)
        held = transport.tally["work"]
        go.set()
        answers = await exchange.answers(1_000)
        await exchange.until_committed(1_000)

    assert held <= 4 + 2 * 4
    assert {answer.status for answer in answers} == {ExecutionStatus.COMPLETED}
    assert transport.tally["queued"] == 1_000


async def test_work_that_takes_a_while_gives_a_sign_of_life_by_itself_and_quick_work_does_not(
    exchange: Exchange,
) -> None:
    """The time limit counts from the first sign; a sign for each quick ticket doubles traffic."""
    worker = Worker("w", concurrency=2)

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await passes(1.8 if ticket.ticket_id == "slow" else 0.6)

    async with exchange.working(worker):
        await exchange.publish(a_ticket("slow"), a_ticket("quick"))
        await exchange.answers(2)

    told = [(result.ticket_id, result.status) for result in exchange.heard]
    assert told == [
        ("quick", ExecutionStatus.COMPLETED),
        ("slow", ExecutionStatus.RUNNING),
        ("slow", ExecutionStatus.COMPLETED),
    ]


async def test_of_many_heartbeats_the_first_and_one_a_second_are_passed_on(
    exchange: Exchange,
) -> None:
    """A handler may call it in a loop; the latest progress is what is told."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        for step in range(150):
            await context.heartbeat(progress=str(step))
            await passes(0.01)

    async with exchange.working(worker):
        await exchange.publish(a_ticket())
        await exchange.answers(1)

    progress = [int(result.result.metadata.get("progress", 1_000)) for result in exchange.heard]
    assert progress[0] == 0
    assert 3 <= len(progress) <= 4
    assert all(before < after for before, after in pairwise(progress))


async def test_cancelling_interrupts_what_runs_and_drops_what_waits(exchange: Exchange) -> None:
    """Both are answered, once, in words after which nobody tries again."""
    worker = Worker("w", concurrency=1)
    begun = asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    running, waiting = a_ticket("running"), a_ticket("waiting")
    async with exchange.working(worker):
        await exchange.publish(running, waiting)
        await begun.wait()
        await exchange.cancel(waiting)
        await exchange.cancel(running)
        answers = await exchange.answers(2)
        await exchange.until_committed(4)

    for answer in answers:
        assert answer.status is ExecutionStatus.FAILED
        assert answer.result.metadata["status"] == "CANCELLED"
        assert answer.result.metadata["retryable"] == "false"
    assert sorted(answer.ticket_id for answer in answers) == ["running", "waiting"]


async def test_a_cancellation_behind_a_full_queue_is_heard(exchange: Exchange) -> None:
    """A worker that has no room for tickets reads no further, perhaps for an hour."""
    worker = Worker("w", concurrency=1)
    begun = asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        if ticket.ticket_id == "long":
            await asyncio.Event().wait()

    long = a_ticket("long", timeout_ms=3_600_000)
    behind = [a_ticket(f"behind-{number}") for number in range(300)]
    async with exchange.working(worker):
        await exchange.publish(long, *behind)
        await begun.wait()
        await exchange.cancel(behind[-1])
        await exchange.cancel(long)
        answers = await exchange.answers(301)
        await exchange.until_committed(303)

    cancelled = [one.ticket_id for one in answers if "status" in one.result.metadata]
    assert cancelled == ["long", "behind-299"]


async def test_a_newer_attempt_interrupts_the_older_one_which_answers_nothing(
    exchange: Exchange,
) -> None:
    """Its effects belong to the newer one now, and its answer would be counted as stale."""
    worker = Worker("w", concurrency=2)
    stopped, begun = asyncio.Event(), asyncio.Event()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> Mapping[str, object]:
        if context.attempt == 2:
            return {"by": "the newer"}
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return {}

    async with exchange.working(worker):
        await exchange.publish(a_ticket(attempt=1))
        await begun.wait()
        await exchange.publish(a_ticket(attempt=2))
        (answer,) = await exchange.answers(1)
        async with asyncio.timeout(PATIENCE_S):
            await stopped.wait()
        await exchange.until_committed(2)

    assert answer.result.metadata["attempt"] == "2"
    assert [one.status for one in exchange.heard] == [ExecutionStatus.COMPLETED]


async def test_a_ticket_that_is_delivered_twice_is_executed_and_answered_once(
    exchange: Exchange,
) -> None:
    """An orchestrator that lost an acknowledgement publishes again."""
    worker = Worker("w", concurrency=4)
    executed = list[str]()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.append(ticket.ticket_id)
        await passes(0.01)

    async with exchange.working(worker):
        await exchange.publish(a_ticket("a"), a_ticket("a"), a_ticket("b"))
        await exchange.answers(2)
        await exchange.publish(a_ticket("a"), a_ticket("c"))
        await exchange.answers(1)
        await exchange.until_committed(5)

    assert executed == ["a", "b", "c"]
    assert [one.ticket_id for one in exchange.heard] == ["a", "b", "c"]


async def test_an_answer_that_no_broker_takes_becomes_a_failure(exchange: Exchange) -> None:
    """It would block every answer behind it, and be executed again at every restart."""
    worker = Worker("w")

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> Mapping[str, object]:
        return {"all": "x" * 2_000_000} if ticket.ticket_id == "large" else {}

    async with exchange.working(worker):
        await exchange.publish(a_ticket("large"), a_ticket("small"))
        large, small = await exchange.answers(2)

    assert large.status is ExecutionStatus.FAILED
    assert large.result.metadata == {"attempt": "1", "retryable": "false"}
    assert "more than the brokers take" in (large.error_message or "")
    assert small.status is ExecutionStatus.COMPLETED


async def test_a_transport_serves_the_worker_that_it_was_made_for(exchange: Exchange) -> None:
    """It has passed over what that one cannot do."""
    worker = Worker("w")
    worker.handles()(at_once)

    async with exchange.transport(worker) as transport:
        with pytest.raises(Misconfigured, match="this transport is for"):
            await transport.take(WorkerProfile(worker_id="other"))
