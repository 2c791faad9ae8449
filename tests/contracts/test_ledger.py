"""The port `Ledger`: what an engine relies on, on a real file."""

import asyncio
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.database import StorageFailed
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import RequestReply, TicketChange, TicketPlace
from tests.support.command_line import ROOT, environment
from tests.support.engines import rows
from tests.support.ledgers import (
    NOON,
    a_decision_row,
    a_fact,
    a_ledger,
    a_plan_on_record,
    a_ticket_row,
    a_workflow,
    beside,
    committed,
    ended,
)


def test_a_new_ledger_knows_nothing(tmp_path: Path) -> None:
    """The first start of an engine is no special case."""
    with a_ledger(tmp_path) as ledger:
        assert list(ledger.open_plans()) == []
        assert ledger.next_workflow() == 1
        assert ledger.decision_hash("decision-1") is None
        assert ledger.outcome_of("orch-decision-1") is None
        assert ledger.place_of("ticket-1-0") is None
        assert list(ledger.requests()) == []


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    """A restart finds the decision and the journal that it must go on from."""
    committed(tmp_path, a_plan_on_record(a_workflow(), facts=3, tickets=2))

    with a_ledger(tmp_path) as ledger:
        [plan] = ledger.open_plans()

        assert (plan.workflow, plan.workflow_id) == (1, "orch-decision-1")
        assert plan.decision == b"{}"
        assert plan.facts == [a_fact(seq=1), a_fact(seq=2), a_fact(seq=3)]
        assert ledger.decision_hash("decision-1") == ("hash-1", "orch-decision-1")
        assert ledger.place_of("ticket-1-1") == TicketPlace(1, "orch-decision-1", 1)
        assert ledger.next_workflow() == 2


def test_journals_come_in_order_however_they_were_mixed(tmp_path: Path) -> None:
    """One commit holds facts of many plans, as they happened."""
    mixed = [a_fact(2, 1), a_fact(1, 1), a_fact(2, 2), a_fact(1, 2)]
    batch = Batch(
        facts=mixed,
        decisions=[a_decision_row(2), a_decision_row(1)],
        workflows={2: a_workflow(2), 1: a_workflow(1)},
    )
    committed(tmp_path, batch)

    with a_ledger(tmp_path) as ledger:
        plans = list(ledger.open_plans())

    assert [plan.workflow for plan in plans] == [1, 2]
    assert [[fact.seq for fact in plan.facts] for plan in plans] == [[1, 2], [1, 2]]


def test_plans_that_ended_or_were_halted_are_not_taken_up_again(tmp_path: Path) -> None:
    """What has an outcome needs nobody; what a fault stopped needs a person, not a restart."""
    committed(
        tmp_path,
        a_plan_on_record(ended(1)),
        a_plan_on_record(a_workflow(2, phase="HALTED")),
        a_plan_on_record(a_workflow(3)),
    )

    with a_ledger(tmp_path) as ledger:
        assert [plan.workflow for plan in ledger.open_plans()] == [3]
        assert ledger.outcome_of("orch-decision-1") == "SUCCESS"
        assert ledger.outcome_of("orch-decision-2") is None
        assert ledger.next_workflow() == 4


def test_a_batch_is_durable_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """Half a batch would be a plan that nobody can go on from."""
    committed(tmp_path, a_plan_on_record(a_workflow()))
    broken = a_plan_on_record(a_workflow(2))
    broken.facts.append(a_fact(1, 1))  # It has been journaled already.

    with a_ledger(tmp_path) as ledger, pytest.raises(StorageFailed):
        asyncio.run(ledger.commit(broken))

    assert rows(tmp_path, "SELECT workflow FROM workflows") == [(1,)]
    assert rows(tmp_path, "SELECT count(*) FROM tickets") == [(1,)]


def test_a_ticket_is_kept_as_it_was_changed_last(tmp_path: Path) -> None:
    """New rows come before changes of the same batch."""
    batch = a_plan_on_record(a_workflow())
    key = a_ticket_row().key
    change = ("RUNNING", "RUNNING", 1, NOON, NOON, NOON, None, None, "ana", None)
    batch.changes.append(TicketChange(*change, key))
    committed(tmp_path, batch)

    assert rows(tmp_path, "SELECT stage, attempt, agent FROM tickets") == [("RUNNING", 1, "ana")]


def test_an_incident_told_twice_is_kept_once(tmp_path: Path) -> None:
    """Its id follows from its cause, and a restart may tell it again."""
    incident = ("incident-1", "orch-decision-1", "INCONSISTENCY", "HIGH", NOON, "{}")
    batch = a_plan_on_record(a_workflow())
    batch.incidents += [incident, incident]  # type: ignore[list-item]
    committed(tmp_path, batch)

    assert rows(tmp_path, "SELECT count(*) FROM incidents") == [(1,)]


def test_requests_of_other_processes_are_heard_until_they_are_answered(tmp_path: Path) -> None:
    """An operator writes a row; asking again costs next to nothing while nothing has changed."""
    insert = (
        "INSERT INTO requests (at, workflow_id, action, actor) VALUES (1, 'orch-x', 'pause', ?)"
    )
    with a_ledger(tmp_path) as ledger, beside(tmp_path) as operator:
        before = ledger.requests()
        for name in ("ana", "ben"):
            operator.execute(insert, (name,))
        asked, again = ledger.requests(), ledger.requests()
        asyncio.run(ledger.commit(Batch(replies=[RequestReply(NOON, "paused", 1, asked[0].id)])))
        operator.execute(insert, ("cleo",))
        left = ledger.requests()
        reply = operator.execute("SELECT reply, accepted FROM requests WHERE id = 1").fetchone()

    assert list(before) == []
    assert [one.actor for one in asked] == ["ana", "ben"]
    assert list(again) == []
    assert [one.actor for one in left] == ["ben", "cleo"]
    assert tuple(reply) == ("paused", 1)


def test_a_full_disk_refuses_the_commit_and_keeps_what_was_there(tmp_path: Path) -> None:
    """The engine must hear of it, and find the last whole turn when there is room again."""
    committed(tmp_path, a_plan_on_record(a_workflow()))
    large = a_plan_on_record(a_workflow(2), facts=5_000, tickets=1_000)

    with closing(database.open_for_writing(tmp_path)) as connection:
        ledger = SqliteLedger(connection)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageFailed, match="full"):
            asyncio.run(ledger.commit(large))
        kept = [plan.workflow for plan in ledger.open_plans()]
        connection.execute("PRAGMA max_page_count = 1000000")
        asyncio.run(ledger.commit(large))
        after = [len(plan.facts) for plan in ledger.open_plans()]

    assert kept == [1]
    assert after == [1, 5_000]


def test_a_killed_writer_loses_nothing_that_it_had_told(tmp_path: Path) -> None:
    """What was told after a commit is on the disk, whole, and in order; nothing is in between."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)],
        env=environment({}),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        told = 0
        if writer.stdout is not None:
            for line in writer.stdout:
                told = int(line)
                if told == 50:
                    break
        writer.kill()

    with a_ledger(tmp_path) as ledger:
        [plan] = ledger.open_plans()
        seqs = [fact.seq for fact in plan.facts]
    assert told == 50
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) % 3 == 0  # Each of its batches holds three facts.
    assert len(seqs) >= 3 * told


async def test_a_commit_waits_for_an_operators_transaction(tmp_path: Path) -> None:
    """The two writers meet now and then; neither may fail for it."""
    committed_before = a_plan_on_record(a_workflow())
    with closing(database.open_for_writing(tmp_path)) as connection, beside(tmp_path) as operator:
        ledger = SqliteLedger(connection)
        await ledger.commit(committed_before)
        patience_ms = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        operator.execute("BEGIN IMMEDIATE")
        connection.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(StorageFailed, match="locked"):
            await ledger.commit(Batch(facts=[a_fact(1, 2)]))
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(_commit, ledger, Batch(facts=[a_fact(1, 2)])))
            await asyncio.to_thread(operator.execute, "COMMIT")

    assert patience_ms >= 5_000
    assert rows(tmp_path, "SELECT count(*) FROM journal") == [(2,)]


def _commit(ledger: SqliteLedger, batch: Batch) -> None:
    asyncio.run(ledger.commit(batch))


_WRITER = """
import asyncio, sys
from pathlib import Path
from orchestrator_dynamic.ports.ledger import Batch
from tests.support.ledgers import a_decision_row, a_fact, a_ledger, a_workflow

async def write():
    with a_ledger(Path(sys.argv[1])) as ledger:
        first = Batch(decisions=[a_decision_row()], workflows={1: a_workflow()})
        number = 0
        while True:
            batch = first if number == 0 else Batch()
            batch.facts += [a_fact(1, 3 * number + n) for n in (1, 2, 3)]
            await ledger.commit(batch)
            number += 1
            print(number, flush=True)

asyncio.run(write())
"""
