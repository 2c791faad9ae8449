"""The embedded engine with its records in MongoDB: the same story, and nothing without it."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from sqlite3 import OperationalError
from uuid import uuid4

import pytest

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.services.embedded.stories import stories
from tests.support.command_line import orq
from tests.support.engines import a_chain, a_message, a_worker, rows, run_to_end, until, workflow_of
from tests.support.flow_process import open_processes
from tests.support.messages import a_task
from tests.support.outside_parts import until as until_so
from tests.support.servers.mongo import Mongo

PATIENCE_S = 60


@pytest.fixture
def env(mongo: Mongo, tmp_path: Path) -> dict[str, str]:
    """Return the settings of an engine with a database of its own."""
    mongo.start()
    return {
        "DATA_DIR": str(tmp_path / "data"),
        "MONGODB_URI": mongo.uri,
        "MONGODB_DATABASE": f"embedded_{uuid4().hex[:8]}",
    }


async def test_both_places_tell_the_same_story(env: dict[str, str]) -> None:
    """Success, failure with compensation, and a dead letter: whoever reads there reads it all."""

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        if ticket.task_id == "bad":
            raise PermanentFailure("it is broken")
        return {"made": ticket.task_id}

    settings = load_settings(env, None)
    failing = (a_task("good", task_type="BUILD"), a_task("bad", dependencies=["good"]))
    async with (
        asyncio.timeout(PATIENCE_S),
        application(settings, workers=[a_worker(work)], command="a test") as app,
    ):
        outcomes = [
            await run_to_end(app, a_message(*a_chain("a", "b", "c"))),
            await run_to_end(app, a_message(*failing, decision_id="decision-2")),
        ]
        await app.engine.submit(b"no json", source="test")

    here, elsewhere = await stories(settings)
    assert outcomes == [Outcome.SUCCESS, Outcome.COMPENSATED]
    assert here.keys() == {"decision-1", "decision-2"}
    assert elsewhere == here


async def test_tickets_and_receipts_wait_while_the_store_hangs(
    env: dict[str, str], mongo: Mongo
) -> None:
    """It takes connections and answers nothing: nothing may go on that its audit does not show."""
    taken: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        taken.append(ticket.task_id)

    settings = load_settings(env, None)
    async with (
        asyncio.timeout(PATIENCE_S),
        application(settings, workers=[a_worker(work)], command="a test") as app,
        asyncio.TaskGroup() as tasks,
    ):
        await asyncio.to_thread(mongo.freeze)
        try:
            receipt = tasks.create_task(app.engine.submit(a_message(), source="test"))
            await until(lambda: rows(settings.data_dir, "SELECT 1 FROM workflows") == [(1,)])
            await asyncio.wait([receipt], timeout=2)
            waited = (receipt.done(), list(taken))
        finally:
            await asyncio.to_thread(mongo.thaw)
        outcome = await app.engine.outcome_of(workflow_of(await receipt))

    here, elsewhere = await stories(settings)
    assert waited == (False, [])
    assert outcome is Outcome.SUCCESS
    assert elsewhere == here


async def test_a_killed_engine_leaves_no_hole_in_the_records(
    env: dict[str, str], tmp_path: Path
) -> None:
    """What the file had and the store had not is there after the next start."""
    settings = load_settings(env, None)
    file = tmp_path / "decision.json"
    file.write_bytes(a_message(*a_chain(*(f"task-{number}" for number in range(30)))))
    done = "SELECT count(*) FROM tickets WHERE stage = 'COMPLETED'"

    def completed() -> int:
        with suppress(OperationalError):
            return int(str(rows(settings.data_dir, done)[0][0]))
        return 0  # The file is not made yet.

    async with open_processes(tmp_path, env) as processes:
        process = await processes.start("run", "run", str(file), "--speed", "100")
        for least in (2, 8, 14):
            await until_so(lambda least=least: completed() >= least)  # type: ignore[misc]
            await process.kill()
            await process.start()
        code = await process.ended()

    here, elsewhere = await stories(settings)
    assert code == 0, process.tail()
    assert elsewhere == here
    assert completed() == 30


async def test_commands_read_the_records_where_they_are(
    env: dict[str, str], tmp_path: Path
) -> None:
    """An operator elsewhere has no data directory, only the store's address."""
    settings = load_settings(env, None)
    async with (
        asyncio.timeout(PATIENCE_S),
        application(settings, workers=[a_worker()], command="a test") as app,
    ):
        await run_to_end(app, a_message(*a_chain("a", "b")))
    elsewhere = {**env, "DATA_DIR": str(tmp_path / "none")}

    asking = partial(orq, at=tmp_path, stdin=b"", **elsewhere)
    shown = await asyncio.to_thread(asking, "show", "decision-1")
    listed = await asyncio.to_thread(asking, "workflows", "--json")

    assert shown.code == 0, shown.err
    assert "SUCCESS" in shown.out.upper()
    assert "orch-decision-1" in listed.out
    assert not (tmp_path / "none").exists()
