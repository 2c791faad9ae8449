"""Pruning: what is old goes, what is open stays, and what is gone is not forgotten."""

import asyncio
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite.retention import SqliteRetention
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.orchestrator import Reception
from orchestrator_dynamic.ports.records import AnswerRecord, DeadLetterRecord, MessageRecord
from orchestrator_dynamic.ports.retention import Pruned
from orchestrator_dynamic.ports.store import NotFound
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import a_chain, a_message, a_worker, an_engine, rows, run_to_end
from tests.support.kept import kept_in_sqlite
from tests.support.ledgers import (
    NOON,
    a_ledger,
    a_plan_on_record,
    a_workflow,
    beside,
    committed,
    ended,
)

HOUR = 3_600_000
PRUNED = WorkflowId("orch-decision-1")
TABLES = ("workflows", "decisions", "journal", "tickets", "audit", "messages")


def pruned(directory: Path, before: int) -> Pruned:
    """Prune what ended before a moment, and return what was deleted."""
    with beside(directory) as connection:
        return asyncio.run(SqliteRetention(connection, VirtualClock()).prune(before))


def prunable(directory: Path, before: int) -> Pruned:
    """Return what would be deleted."""
    with beside(directory) as connection:
        return SqliteRetention(connection, VirtualClock()).prunable(before)


def counts(directory: Path) -> dict[str, object]:
    """Return how many rows each table has."""
    return {table: rows(directory, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def a_letter(at: int) -> DeadLetterRecord:
    """Return a dead letter."""
    return DeadLetterRecord(at, "not_json", "test", "[]", "{}", 1, "hash", b"x")


def test_what_ended_long_ago_goes_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    """A row that is left behind would be left for ever."""
    committed(tmp_path, a_plan_on_record(ended(1), facts=3, tickets=2))

    gone = pruned(tmp_path, NOON + HOUR)

    assert set(counts(tmp_path).values()) == {0}
    assert gone == Pruned(workflows=1, tickets=2, facts=3, audit=1, messages=1)


def test_what_is_open_halted_or_new_stays(tmp_path: Path) -> None:
    """However old an open plan is, somebody still waits for it."""
    committed(
        tmp_path,
        a_plan_on_record(a_workflow(1)),
        a_plan_on_record(a_workflow(2, phase="HALTED")),
        a_plan_on_record(ended(3, at=NOON + HOUR)),
    )

    gone = pruned(tmp_path, NOON + HOUR)

    assert gone.total == 0
    assert set(counts(tmp_path).values()) == {3}


def test_a_dry_run_says_what_would_go_and_changes_nothing(tmp_path: Path) -> None:
    """The numbers of the rehearsal are those of the performance."""
    letters = Batch(dead_letters=[a_letter(NOON), a_letter(NOON + HOUR)])
    unknown = AnswerRecord(None, "t", None, NOON, "COMPLETED", "unknown", "ana", 1, None, "{}")
    letters.answers.append(unknown)
    committed(
        tmp_path,
        a_plan_on_record(ended(1), facts=3, tickets=2),
        a_plan_on_record(a_workflow(2)),
        letters,
    )

    told = prunable(tmp_path, NOON + 1)
    before = counts(tmp_path)
    gone = pruned(tmp_path, NOON + 1)

    assert before["workflows"] == 2
    assert told == gone
    assert (gone.workflows, gone.dead_letters, gone.answers) == (1, 1, 1)


def test_a_large_plan_goes_in_many_transactions(tmp_path: Path) -> None:
    """None of them may be as large as the plan, for an engine waits for each."""
    committed(tmp_path, a_plan_on_record(ended(1), facts=4_000, tickets=2_000))

    gone = pruned(tmp_path, NOON + HOUR)

    assert (gone.facts, gone.tickets) == (4_000, 2_000)
    assert set(counts(tmp_path).values()) == {0}


def test_what_was_interrupted_is_found_again(tmp_path: Path) -> None:
    """A plan without tickets whose name is still there would look like an accident."""
    committed(tmp_path, a_plan_on_record(ended(1), facts=60_000, tickets=20_000))

    async def interrupted() -> None:
        with beside(tmp_path) as connection:
            retention = SqliteRetention(connection, VirtualClock())
            async with asyncio.TaskGroup() as tasks:
                pruning = tasks.create_task(retention.prune(NOON + HOUR))
                await asyncio.sleep(0)  # It runs up to the pause after its first transaction.
                pruning.cancel()

    asyncio.run(interrupted())
    halfway = counts(tmp_path)
    [(phase,)] = rows(tmp_path, "SELECT phase FROM workflows")
    pruned(tmp_path, NOON + HOUR)

    assert halfway["workflows"] == 1
    assert halfway["tickets"] < 20_000  # type: ignore[operator]
    assert phase == "PRUNING"
    assert set(counts(tmp_path).values()) == {0}


async def test_who_asks_for_what_was_pruned_is_told_so(tmp_path: Path) -> None:
    """Else they would look for their mistake."""
    async with kept_in_sqlite(tmp_path) as kept:
        store = await kept.committed(a_plan_on_record(ended(1)))
        with beside(tmp_path) as connection:
            await SqliteRetention(connection, VirtualClock()).prune(NOON + HOUR)

        for asked in (store.workflow("decision-1"), store.workflow_by_id(PRUNED)):
            with pytest.raises(NotFound, match="was pruned"):
                await asked
        with pytest.raises(NotFound, match="no ticket"):
            await store.workflow_of_ticket(TicketId("ticket-1-0"))
        with pytest.raises(NotFound, match="no plan"):
            await store.latest_of_plan("plan-1")


def test_the_ledger_still_knows_what_was_pruned(tmp_path: Path) -> None:
    """Its decision must not start anew, and whoever asks must hear how it ended."""
    committed(tmp_path, a_plan_on_record(ended(1)))
    pruned(tmp_path, NOON + HOUR)

    with a_ledger(tmp_path) as ledger:
        assert ledger.decision_hash("decision-1") == ("hash-1", "orch-decision-1")
        assert ledger.outcome_of("orch-decision-1") == "SUCCESS"
        assert ledger.place_of("ticket-1-0") is None


def test_messages_in_the_buffer_and_of_open_plans_stay(tmp_path: Path) -> None:
    """What nobody has received yet is the last thing to delete."""
    batch = a_plan_on_record(ended(1))
    batch.messages.append(MessageRecord("frames", "f", '{"correlation": {}}', NOON, None))
    committed(tmp_path, batch, a_plan_on_record(a_workflow(2)))

    gone = pruned(tmp_path, NOON + HOUR)

    assert gone.messages == 1
    assert rows(tmp_path, "SELECT key FROM messages ORDER BY id") == [("f",), ("m2",)]


@pytest.mark.parametrize("order", [("new", "old"), ("old", "new")])
async def test_a_running_engine_goes_on_while_others_prune(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    """It neither stops nor misses what is deleted beside it, and knows a repeat for what it is."""
    async with an_engine(tmp_path, a_worker()) as app:
        old = a_message(*a_chain("a", "b"), decision_id="old")
        await run_to_end(app, old)
        with beside(tmp_path) as connection:
            retention = SqliteRetention(connection, VirtualClock())
            async with asyncio.TaskGroup() as tasks:
                names = [str(number) for number in range(20)]
                new = a_message(*a_chain(*names), decision_id="new")
                running = tasks.create_task(run_to_end(app, new))
                pruning = tasks.create_task(retention.prune(2**50))
        messages = {"old": old, "new": new}
        receipts = [await app.engine.submit(messages[name], source="test") for name in order]

    assert running.result() is Outcome.SUCCESS
    assert pruning.result().workflows >= 1
    assert {receipt.reception for receipt in receipts} == {Reception.DUPLICATE}
