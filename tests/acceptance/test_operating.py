"""People tell plans what to do, with an engine running elsewhere or with none at all."""

import asyncio
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import lease
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.orchestrator import Reception
from orchestrator_dynamic.ports.records import DeadLetterRecord
from tests.support.command_line import Finished, orq
from tests.support.engines import (
    a_chain,
    a_message,
    a_worker,
    an_engine,
    rows,
    run_to_end,
    until,
    workflow_of,
)
from tests.support.ledgers import NOON, committed
from tests.support.messages import a_task

DATA = ".orchestrator-dynamic"


def submitted(at: Path, *messages: bytes, **settings: str) -> None:
    """Hand messages in, as a command would that has ended since."""

    async def submit() -> None:
        async with an_engine(at / DATA, **settings) as app:
            for message in messages:
                await app.engine.submit(message, source="test")

    asyncio.run(submit())


def phase_of(at: Path, name: str = "decision-1") -> str:
    """Return where a plan is."""
    [(phase,)] = rows(at / DATA, f"SELECT phase FROM workflows WHERE decision_id = '{name}'")
    return str(phase)


async def asked(at: Path, *arguments: str) -> Finished:
    """Run a command while this process's engine goes on."""
    return await asyncio.to_thread(lambda: orq(*arguments, at=at))


@pytest.fixture
def parked(tmp_path: Path) -> Path:
    """Return a place with one plan that waits for approval, and no engine."""
    submitted(tmp_path, a_message(*a_chain("a", "b"), requires_approval=True))
    return tmp_path


def test_approving_without_an_engine_starts_the_plan(parked: Path) -> None:
    """The approver need not know whether anything runs; it is durable when the command ends."""
    done = orq("approve", "decision-1", "--by", "ana", "--reason", "looks fine", at=parked)

    assert done.code == 0
    assert done.lines[0] == "orch-decision-1: approved"
    assert "orq run" in done.lines[1]
    assert phase_of(parked) == "RUNNING"
    audit = rows(parked / DATA, "SELECT actor, detail FROM audit WHERE action = 'plan_approved'")
    assert audit == [("ana", '{"reason":"looks fine"}')]


def test_a_refused_plan_ends(parked: Path) -> None:
    """Nobody has to cancel what never ran."""
    done = orq("reject", "decision-1", "--by", "ana", "--json", at=parked)

    assert done.code == 0
    assert done.object["accepted"] is True
    assert rows(parked / DATA, "SELECT outcome, reason FROM workflows") == [
        ("REJECTED", "refused by ana")
    ]


async def test_approving_beside_an_engine_is_done_by_that_engine(tmp_path: Path) -> None:
    """One plan has one master; the command only asks, and hears what came of it."""
    async with an_engine(tmp_path / DATA, a_worker()) as app:
        message = a_message(*a_chain("a", "b"), requires_approval=True)
        receipt = await app.engine.submit(message, source="test")
        done = await asked(tmp_path, "approve", "decision-1", "--by", "ana")
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert (done.code, done.lines[0]) == (0, "orch-decision-1: approved")
    assert outcome is Outcome.SUCCESS
    [request] = rows(tmp_path / DATA, "SELECT actor, reply, accepted FROM requests")
    assert request == ("ana", "approved", 1)


async def test_a_single_step_is_approved_by_its_name(tmp_path: Path) -> None:
    """The other destructive step goes on waiting."""
    tasks = (a_task("drop-a"), a_task("drop-b"))
    message = a_message(*tasks, destructive_tasks=["drop-a", "drop-b"])
    async with an_engine(tmp_path / DATA, a_worker()) as app:
        receipt = await app.engine.submit(message, source="test")
        wrong = await asked(tmp_path, "approve", "decision-1", "--task", "drop-c")
        first = await asked(tmp_path, "approve", "decision-1", "--task", "drop-a")
        [plan] = app.engine.plans
        await until(lambda: plan.state.open == 1)
        second = await asked(tmp_path, "reject", "decision-1", "--task", "drop-b")
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert wrong.code == 1
    assert "steps to approve: drop-a, drop-b" in wrong.out
    assert (first.code, second.code) == (0, 0)
    assert outcome is Outcome.COMPENSATED


def test_a_plan_can_be_paused_resumed_and_cancelled(tmp_path: Path) -> None:
    """Each of them once; the second time is refused with the reason."""
    submitted(tmp_path, a_message(*a_chain("a", "b")))

    verbs = ("pause", "pause", "resume", "resume", "cancel", "cancel")
    done = [orq(verb, "decision-1", at=tmp_path) for verb in verbs]

    assert [one.code for one in done] == [0, 1, 0, 1, 0, 1]
    assert done[1].lines == ["orch-decision-1: refused: it is paused already"]
    assert done[3].lines == ["orch-decision-1: refused: it is not paused"]
    assert done[4].lines[0] == "orch-decision-1: cancellation has begun"
    assert done[4].lines[1].startswith("It ended CANCELLED: cancelled by ")
    assert "refused: it ended CANCELLED at " in done[5].out


@pytest.mark.parametrize("verb", ["approve", "reject", "cancel", "pause", "resume"])
def test_what_has_ended_cannot_be_operated(tmp_path: Path, verb: str) -> None:
    """Refusing is exit code 1: it was understood, and cannot be."""

    async def run() -> None:
        async with an_engine(tmp_path / DATA, a_worker()) as app:
            await run_to_end(app, a_message())

    asyncio.run(run())

    done = orq(verb, "decision-1", "--json", at=tmp_path)

    assert done.code == 1
    assert done.object["accepted"] is False
    assert "it ended SUCCESS at 20" in done.object["reply"]


def test_unusable_arguments_are_told_apart_from_refusals(parked: Path) -> None:
    """A script must not take a slip of the fingers for an answer."""
    unknown = orq("approve", "nobody", at=parked)
    nowhere = orq("approve", "decision-1", "--data-dir", "nowhere", at=parked)
    nothing = orq("approve", at=parked)
    submitted(parked, a_message(decision_id="decision-2"))
    ambiguous = orq("approve", "decision", at=parked)

    assert [one.code for one in (unknown, nowhere, nothing, ambiguous)] == [2, 2, 2, 2]
    assert "there is no workflow" in unknown.err
    assert "name another by --data-dir" in nowhere.err
    assert "orch-decision-1" in ambiguous.err
    assert "orch-decision-2" in ambiguous.err
    assert not (parked / "nowhere").exists()
    assert phase_of(parked) == "AWAITING_APPROVAL"


def test_a_dead_letter_is_handed_in_again_once_it_can_be_read(tmp_path: Path) -> None:
    """The original bytes, after a setting was mended; what became of it stays on the letter."""
    plan = b'{"plan_id": "p", "intent_id": "i", "tasks": [{"task_id": "a"}]}'
    submitted(tmp_path, plan)

    still = orq("dead-letters", "--requeue", "1", at=tmp_path)
    mended = orq("dead-letters", "--requeue", "1", at=tmp_path, ALLOW_DIRECT_PLANS="true")
    again = orq("dead-letters", "--requeue", "1", at=tmp_path, ALLOW_DIRECT_PLANS="true")

    assert [one.code for one in (still, mended, again)] == [1, 0, 1]
    assert "direct_plan_refused" in still.out
    assert mended.lines[0] == "dead letter 1: started; orch-direct-p"
    assert "has been requeued: started" in again.err
    letters = rows(tmp_path / DATA, "SELECT id, requeue_outcome FROM dead_letters ORDER BY id")
    assert letters == [(1, "started"), (2, None)]


def test_a_dead_letter_that_was_cut_short_is_not_handed_in(tmp_path: Path) -> None:
    """Half a decision would be another one."""
    letter = DeadLetterRecord(NOON, "too_large", "test", "[]", "{}", 1_000, "hash", b"half")
    committed(tmp_path / DATA, Batch(dead_letters=[letter]))

    done = orq("dead-letters", "--requeue", "1", at=tmp_path)

    assert done.code == 1
    assert "only 4 of its 1,000 bytes are kept" in done.err
    assert rows(tmp_path / DATA, "SELECT requeued_at FROM dead_letters") == [(None,)]


def test_requeueing_says_who_is_in_the_way(tmp_path: Path) -> None:
    """It needs the lease; whoever has it must be named."""
    submitted(tmp_path, b"not a decision")
    with lease.held(tmp_path / DATA, "orq run", "2026-01-01T12:00:00Z"):
        done = orq("dead-letters", "--requeue", "1", at=tmp_path)

    assert done.code == 2
    assert "is in use by process" in done.err
    assert "(orq run), since 2026-01-01T12:00:00Z" in done.err


def test_pruning_deletes_what_ended_and_keeps_its_memory(tmp_path: Path) -> None:
    """The disk is free again, and a repeat of the decision is still a repeat."""

    async def run(message: bytes) -> Reception:
        async with an_engine(tmp_path / DATA, a_worker()) as app:
            receipt = await app.engine.submit(message, source="test")
            await app.engine.outcome_of(receipt.workflow_id or WorkflowId(""))
            return receipt.reception

    asyncio.run(run(a_message()))
    submitted(tmp_path, a_message(decision_id="open", requires_approval=True), b"not a decision")

    young = orq("prune", "--older-than", "1h", at=tmp_path)
    dry = orq("prune", "--older-than", "0s", "--dry-run", "--json", at=tmp_path)
    real = orq("prune", "--older-than", "0s", "--json", at=tmp_path)
    shown = orq("show", "decision-1", at=tmp_path)
    again = asyncio.run(run(a_message()))

    assert young.out.startswith("Nothing is older than ")
    counts = [{**one.object, "dry_run": None, "before": None} for one in (dry, real)]
    assert counts[0] == counts[1]
    assert (real.object["workflows"], real.object["dead_letters"]) == (1, 1)
    assert shown.code == 2
    assert "orch-decision-1 ended SUCCESS at " in shown.err
    assert "and was pruned at " in shown.err
    assert again is Reception.DUPLICATE
    assert rows(tmp_path / DATA, "SELECT decision_id FROM workflows") == [("open",)]


@pytest.mark.parametrize("age", ["", "30", "d", "-1d", "1y", "1.5h"])
def test_an_age_that_means_nothing_deletes_nothing(tmp_path: Path, age: str) -> None:
    """A slip here must not be understood as something."""
    submitted(tmp_path, b"not a decision")

    done = orq("prune", f"--older-than={age}", at=tmp_path)

    assert done.code == 2
    assert rows(tmp_path / DATA, "SELECT count(*) FROM dead_letters") == [(1,)]
