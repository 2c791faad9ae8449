"""What a restart finds and does: nothing lost, nothing done again that was recorded as done."""

import asyncio
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite.database import StorageFailed
from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.sdk import TicketContext
from tests.support.engines import (
    a_chain,
    a_message,
    a_worker,
    an_engine,
    ask,
    now_ms,
    rows,
    workflow_of,
)
from tests.support.messages import a_result, a_task

# More tickets in flight than there are: no history can lead there.
BROKEN = 99

TWO_TASKS = a_chain("first", "second")


class PowerCut(Exception):
    """Ends a test's engine at once, as a crash would: nothing is finished or told."""


async def until_second_runs(directory: Path, seen: list[tuple[str, str]]) -> None:
    """Run the two tasks until the second is with its worker, then cut the power."""
    second = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        seen.append((ticket.task_id, ticket.ticket_id))
        if ticket.task_id == "second":
            second.set()
            await asyncio.Event().wait()

    async def until_cut() -> None:
        async with an_engine(directory, a_worker(work)) as app:
            await app.engine.submit(a_message(*TWO_TASKS), source="test")
            await second.wait()
            raise PowerCut

    with pytest.raises(BaseExceptionGroup) as cut:
        await until_cut()
    assert cut.group_contains(PowerCut)


async def the_only_outcome(app: Application) -> Outcome | None:
    """Wait for the one plan that was found at the start."""
    [plan] = app.engine.plans
    return await app.engine.outcome_of(plan.state.workflow_id)


async def test_only_what_was_in_flight_is_repeated_under_the_same_id(tmp_path: Path) -> None:
    """A completed task has had its effect; doing it again would double it."""
    before: list[tuple[str, str]] = []
    after: list[tuple[str, str]] = []
    await until_second_runs(tmp_path, before)

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        after.append((ticket.task_id, ticket.ticket_id))

    async with an_engine(tmp_path, a_worker(work)) as app:
        found = app.recovered
        outcome = await the_only_outcome(app)

    assert (found, outcome) == (1, Outcome.SUCCESS)
    assert after == [before[1]]


async def test_a_restart_uses_up_no_retry(tmp_path: Path) -> None:
    """That we went down is not the worker's failure."""
    await until_second_runs(tmp_path, [])

    async with an_engine(tmp_path, a_worker()) as app:
        await the_only_outcome(app)

    assert rows(tmp_path, "SELECT DISTINCT attempt FROM tickets") == [(1,)]


async def test_a_full_disk_stops_the_engine_before_anybody_is_told(tmp_path: Path) -> None:
    """What follows from a fact that is not durable must never have been visible."""
    executed: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.append(ticket.task_id)

    big = a_task("big", description="x" * 60_000)

    async def without_room() -> None:
        async with an_engine(tmp_path, a_worker(work)) as app:
            fill_disk(app)
            await app.engine.submit(a_message(big), source="test")

    with pytest.raises(BaseExceptionGroup) as stopped:
        await without_room()
    told_before_restart = list(executed)

    async with an_engine(tmp_path, a_worker(work)) as app:
        receipt = await app.engine.submit(a_message(big), source="test")
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert stopped.group_contains(StorageFailed)
    assert told_before_restart == []
    assert (executed, outcome) == (["big"], Outcome.SUCCESS)


def fill_disk(app: Application) -> None:
    """Let SQLite believe that there is no room for a single further page."""
    connection = app.ledger._connection  # type: ignore[attr-defined]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


async def test_a_plan_whose_books_do_not_add_up_stops_alone(tmp_path: Path) -> None:
    """A fault of ours in one plan must not take the others down; its journal stays."""
    held = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.plan_id == "plan-of-broken":
            await held.wait()

    async with an_engine(tmp_path, a_worker(work)) as app:
        receipt = await app.engine.submit(a_message(decision_id="broken"), source="test")
        [plan] = app.engine.plans
        plan.state.in_flight = BROKEN
        held.set()
        broken = await app.engine.outcome_of(workflow_of(receipt))
        sound = await app.engine.submit(a_message(decision_id="sound"), source="test")
        outcome = await app.engine.outcome_of(workflow_of(sound))

    assert (broken, outcome) == (None, Outcome.SUCCESS)
    halted = "SELECT phase, outcome FROM workflows WHERE decision_id = 'broken'"
    assert rows(tmp_path, halted) == [("HALTED", None)]
    assert rows(tmp_path, "SELECT incident_type FROM incidents") == [("INCONSISTENCY",)]
    assert rows(tmp_path, "SELECT kind FROM journal WHERE workflow = 1") == [("decision_accepted",)]


async def test_a_halted_plan_is_left_alone_by_a_restart(tmp_path: Path) -> None:
    """Folding it again would break again, at every start."""
    async with an_engine(tmp_path) as app:
        receipt = await app.engine.submit(a_message(), source="test")
        [plan] = app.engine.plans
        plan.state.in_flight = BROKEN
        await app.engine.report(a_result(plan.state.tickets[0].ticket_id))
        await app.engine.outcome_of(workflow_of(receipt))

    async with an_engine(tmp_path, a_worker()) as app:
        found = app.recovered

    assert found == 0


async def test_what_time_owes_is_done_after_a_restart_that_nobody_talks_to(tmp_path: Path) -> None:
    """A parked plan expires though no letter ever arrives at the new engine."""
    soon = now_ms() + 300
    async with an_engine(tmp_path) as app:
        await app.engine.submit(a_message(requires_approval=True, valid_until=soon), source="test")

    async with an_engine(tmp_path) as app:
        outcome = await the_only_outcome(app)

    assert outcome is Outcome.EXPIRED


async def test_a_request_is_heard_after_a_restart_that_nobody_talks_to(tmp_path: Path) -> None:
    """An operator's row must not wait for somebody else's letter."""
    async with an_engine(tmp_path) as app:
        receipt = await app.engine.submit(a_message(requires_approval=True), source="test")

    async with an_engine(tmp_path, a_worker()) as app:
        ask(tmp_path, "reject", workflow_of(receipt))
        outcome = await the_only_outcome(app)

    assert outcome is Outcome.REJECTED
