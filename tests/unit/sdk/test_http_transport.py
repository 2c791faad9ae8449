"""A worker over HTTP against the whole service, on a real server and a real engine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.bootstrap.tokens import issued
from orchestrator_dynamic.cli.worker_session import WallClock
from orchestrator_dynamic.config.http import HttpSettings
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.identity import Scope
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker, run_worker
from orchestrator_dynamic.sdk.http_connection import HttpConnection
from orchestrator_dynamic.sdk.http_transport import HttpLimits, HttpTransport
from tests.support.engines import a_chain, a_message, rows, workflow_of
from tests.support.http_relay import Relay, a_relay
from tests.support.messages import a_task
from tests.support.service import PATIENCE_S, Running, a_service

Work = Callable[[ExecutionTicket, TicketContext], Awaitable[dict[str, str] | None]]

# The shortest that the service takes, so that what is told by a sign of life is told soon.
SHORT = HttpLimits(lease_s=5)


def a_remote_worker(work: Work, name: str = "w1", concurrency: int = 4) -> Worker:
    """Return a worker that does `work` for any ticket."""
    worker = Worker(name, concurrency=concurrency)
    worker.handles()(work)
    return worker


@asynccontextmanager
async def working(
    address: str, worker: Worker, *, token: str | None = None
) -> AsyncIterator[HttpTransport]:
    """Run `worker` against the service at `address`, as long as the context is open."""
    connection = HttpConnection(url=address, token=token)
    async with (
        asyncio.timeout(PATIENCE_S),
        HttpTransport(connection, profile=worker.profile(), limits=SHORT) as transport,
        asyncio.TaskGroup() as tasks,
    ):
        run = tasks.create_task(run_worker(worker, transport, clock=WallClock()))
        try:
            yield transport
        finally:
            run.cancel()


def engine_of(running: Running) -> Application:
    """Return the engine of a service that has one."""
    assert running.service.embedded is not None
    return running.service.embedded


async def submitted(running: Running, message: bytes) -> WorkflowId:
    """Bring a decision, and return its workflow."""
    return workflow_of(await engine_of(running).engine.submit(message, source="test"))


async def outcome_of(running: Running, workflow_id: WorkflowId) -> Outcome | None:
    """Wait for a plan's end."""
    return await engine_of(running).engine.outcome_of(workflow_id)


async def test_a_plan_is_executed_over_http(tmp_path: Path) -> None:
    """Tickets come in order, and what a handler returns is kept."""
    executed: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        executed.append(ticket.task_id)
        context.log(f"made {ticket.task_id}")
        return {"made": ticket.task_id}

    async with a_service(tmp_path) as running:
        workflow_id = await submitted(running, a_message(*a_chain("a", "b", "c")))
        async with working(running.service.address, a_remote_worker(work)):
            outcome = await outcome_of(running, workflow_id)

    assert (executed, outcome) == (["a", "b", "c"], Outcome.SUCCESS)
    [payload, *_] = rows(tmp_path, "SELECT payload FROM results ORDER BY id")
    assert payload == ('{"output":{"made":"a"},"metadata":{"attempt":"1"},"logs":["made a"]}',)


async def test_a_failure_is_tried_again_and_a_permanent_one_is_not(tmp_path: Path) -> None:
    """The worker says which of them it is."""
    attempts: list[tuple[str, int]] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        attempts.append((ticket.task_id, context.attempt))
        if ticket.task_id == "doomed":
            raise PermanentFailure("for good")
        if context.attempt == 1:
            raise ValueError("once")

    async with a_service(tmp_path) as running:
        workflow_id = await submitted(running, a_message(*a_chain("flaky", "doomed")))
        async with working(running.service.address, a_remote_worker(work)):
            outcome = await outcome_of(running, workflow_id)

    assert attempts[:3] == [("flaky", 1), ("flaky", 2), ("doomed", 1)]
    assert outcome is Outcome.COMPENSATED


async def test_a_handler_hears_that_its_plan_is_cancelled(tmp_path: Path) -> None:
    """It need not finish what nobody wants, and the plan need not wait for it."""
    begun, heard = asyncio.Event(), asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            heard.set()

    async with a_service(tmp_path) as running:
        workflow_id = await submitted(running, a_message())
        async with working(running.service.address, a_remote_worker(work)):
            await begun.wait()
            request = Request(action=Action.CANCEL, workflow_id=workflow_id, by="ana")
            await engine_of(running).engine.request(request)
            await heard.wait()
            outcome = await outcome_of(running, workflow_id)

    assert outcome is Outcome.CANCELLED
    assert rows(tmp_path, "SELECT fate FROM results WHERE status = 'FAILED'") == [("accepted",)]


async def test_progress_is_seen_while_the_work_goes_on(tmp_path: Path) -> None:
    """People watch it; what no message can carry is left out, and stops nothing."""
    begun = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat(progress="half way \ud800" + "." * 100_000)
        begun.set()
        await asyncio.Event().wait()

    async with a_service(tmp_path) as running, a_relay(running.service.address) as relay:
        await submitted(running, a_message())
        async with working(relay.address, a_remote_worker(work)):
            await begun.wait()
            await relay.until_seen("heartbeat", 1)
            await engine_of(running).engine.durable()
            seen = rows(tmp_path, "SELECT progress FROM tickets")

    [(line,)] = seen
    assert str(line).startswith("half way ?...")


async def nothing(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Succeed."""


@pytest.mark.parametrize("statuses", [(503, 503), (502,), (429,), (500,)])
async def test_answers_wait_while_the_service_is_away(
    tmp_path: Path, statuses: tuple[int, ...]
) -> None:
    """What was done must not be done again for want of an answer."""
    async with a_service(tmp_path) as running, a_relay(running.service.address) as relay:
        relay.fail_next("report", *statuses)
        workflow_id = await submitted(running, a_message())
        async with working(relay.address, a_remote_worker(nothing)):
            outcome = await outcome_of(running, workflow_id)

    assert outcome is Outcome.SUCCESS
    assert relay.seen["report"] == len(statuses) + 1
    assert rows(tmp_path, "SELECT attempt, fate FROM results") == [(1, "accepted")]


async def test_an_answer_whose_receipt_is_lost_counts_once(tmp_path: Path) -> None:
    """The worker says it again, and the service knows it already."""
    async with a_service(tmp_path) as running, a_relay(running.service.address) as relay:
        relay.lost["report"] = 1
        workflow_id = await submitted(running, a_message(*a_chain("a", "b")))
        async with working(relay.address, a_remote_worker(nothing)) as transport:
            outcome = await outcome_of(running, workflow_id)
            await transport.drain()

    assert outcome is Outcome.SUCCESS
    assert transport.tally == {"taken": 2}


async def test_a_lost_lease_is_lent_to_the_next(tmp_path: Path) -> None:
    """The worker never heard of it; its lease runs out, and the ticket is executed once."""
    executed: list[int] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.append(context.attempt)

    async with a_service(tmp_path) as running, a_relay(running.service.address) as relay:
        relay.lost["lease"] = 1
        workflow_id = await submitted(running, a_message())
        async with working(relay.address, a_remote_worker(work)):
            outcome = await outcome_of(running, workflow_id)

    assert (executed, outcome) == ([2], Outcome.SUCCESS)


async def test_work_goes_on_while_the_service_starts_anew(tmp_path: Path) -> None:
    """A deployment of the service doubles nothing and loses nothing."""
    begun, finish = asyncio.Event(), asyncio.Event()
    executed: list[tuple[str, int]] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.append((ticket.task_id, context.attempt))
        begun.set()
        await finish.wait()

    async with a_relay() as relay, working(relay.address, a_remote_worker(work)):
        async with a_service(tmp_path) as running:
            relay.target = running.service.address
            workflow_id = await submitted(running, a_message(*a_chain("a", "b")))
            await begun.wait()
        relay.target = None
        finish.set()
        await relay.until_seen("report", 1)
        async with a_service(tmp_path) as running:
            relay.target = running.service.address
            outcome = await outcome_of(running, workflow_id)

    assert (executed, outcome) == ([("a", 1), ("b", 1)], Outcome.SUCCESS)


async def test_a_worker_that_stops_gives_back_what_it_has(tmp_path: Path) -> None:
    """Others need not wait for its leases to run out, and no attempt is used up."""
    begun = asyncio.Event()
    taken: list[tuple[str, int]] = []

    async def hold(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        taken.append((ticket.task_id, context.attempt))

    async with a_service(tmp_path) as running:
        workflow_id = await submitted(running, a_message())
        async with working(running.service.address, a_remote_worker(hold, "stops")):
            await begun.wait()
        async with working(running.service.address, a_remote_worker(work, "goes-on")):
            outcome = await outcome_of(running, workflow_id)

    assert (taken, outcome) == ([("a", 1)], Outcome.SUCCESS)


async def test_a_drain_waits_for_what_runs(tmp_path: Path) -> None:
    """A stop in order finishes what was begun, and answers it for certain."""
    begun, finish = asyncio.Event(), asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await finish.wait()

    async with a_service(tmp_path) as running:
        await submitted(running, a_message())
        async with (
            working(running.service.address, a_remote_worker(work)) as transport,
            asyncio.TaskGroup() as tasks,
        ):
            await begun.wait()
            draining = tasks.create_task(transport.drain())
            await asyncio.sleep(0)
            waits = not draining.done()
            finish.set()
        kept = rows(tmp_path, "SELECT status FROM results")

    assert waits
    assert kept == [("COMPLETED",)]


async def test_an_answer_that_is_too_large_fails_its_ticket_alone(tmp_path: Path) -> None:
    """One handler that returns too much must not stop the others, nor be tried for ever."""

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        return {"made": "x" * (100_000 if ticket.task_id == "big" else 1)}

    http = HttpSettings(body_max_bytes=50_000)
    async with a_service(tmp_path, http=http) as running:
        big, small = a_task("big"), a_task("small")
        workflow_id = await submitted(running, a_message(big, small))
        async with working(running.service.address, a_remote_worker(work)):
            await outcome_of(running, workflow_id)

    told = rows(tmp_path, "SELECT error FROM results WHERE status = 'FAILED'")
    assert len(told) == 1
    assert "its result is not taken" in str(told[0][0])


async def refused(relay: Relay, *statuses: int) -> Misconfigured:
    """Return what ends a worker whose questions are answered with these statuses."""
    relay.fail_next("lease", *statuses)
    with pytest.raises(BaseExceptionGroup) as ended:
        async with working(relay.address, a_remote_worker(nothing)):
            await asyncio.Event().wait()
    group: BaseException = ended.value
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    assert isinstance(group, Misconfigured)
    return group


@pytest.mark.parametrize(
    ("status", "todo"), [(401, "ORQ_TOKEN"), (403, "scope `work`"), (404, "orq serve")]
)
async def test_a_refusal_for_good_ends_the_worker_and_says_what_to_do(
    status: int, todo: str
) -> None:
    """Asking again would not help; a person must."""
    async with a_relay() as relay:
        error = await refused(relay, status)

    assert todo in str(error)


async def test_a_token_opens_the_door(tmp_path: Path) -> None:
    """Its scope is `work`, and it is seen nowhere."""
    file = tmp_path / "tokens.toml"
    shown, _ = issued(file, "builder", frozenset({Scope.WORK}), None)
    identity = IdentitySettings(tokens_file=file)
    async with a_service(tmp_path / "data", identity=identity) as running:
        workflow_id = await submitted(running, a_message())
        async with working(running.service.address, a_remote_worker(nothing), token=shown):
            outcome = await outcome_of(running, workflow_id)

    assert outcome is Outcome.SUCCESS
    assert shown not in repr(HttpConnection(url="http://127.0.0.1:1", token=shown))


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://host", "http://ana:secret@host"])
def test_an_address_is_an_address(url: str) -> None:
    """What cannot be one is refused at once, not after an hour of trying."""
    with pytest.raises(Misconfigured):
        HttpConnection(url=url)
