"""What the embedded engine promises, seen on a real file with real workers."""

import asyncio
import json
from pathlib import Path

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Reception
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import (
    a_chain,
    a_message,
    a_worker,
    an_engine,
    rows,
    run_to_end,
    workflow_of,
)
from tests.support.messages import a_result, a_task


async def test_a_plan_is_brought_from_decision_to_outcome(tmp_path: Path) -> None:
    """Each ticket goes out when what it depends on is done, never before."""
    executed: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        executed.append(ticket.task_id)
        return {"made": ticket.task_id}

    async with an_engine(tmp_path, a_worker(work)) as app:
        outcome = await run_to_end(app, a_message(*a_chain("a", "b", "c")))

    assert outcome is Outcome.SUCCESS
    assert executed == ["a", "b", "c"]
    assert rows(tmp_path, "SELECT DISTINCT stage, status FROM tickets") == [
        ("COMPLETED", "COMPLETED")
    ]


async def test_an_ended_plan_leaves_memory(tmp_path: Path) -> None:
    """An engine that runs for months must not remember every plan it ever ran."""
    async with an_engine(tmp_path, a_worker()) as app:
        await run_to_end(app, a_message(*a_chain("a", "b")))

        open_plans = len(app.engine.plans)

    assert open_plans == 0


async def test_the_same_decision_again_starts_nothing(tmp_path: Path) -> None:
    """Brokers redeliver, and people press the button twice."""
    message = a_message()
    async with an_engine(tmp_path, a_worker()) as app:
        first = await app.engine.submit(message, source="test")
        await app.engine.outcome_of(workflow_of(first))
        again = await app.engine.submit(message, source="test")

    assert again.reception is Reception.DUPLICATE
    assert again.workflow_id == first.workflow_id
    assert rows(tmp_path, "SELECT count(*) FROM workflows") == [(1,)]


async def test_two_copies_that_arrive_together_start_one_plan(tmp_path: Path) -> None:
    """The ledger does not know the first yet when the second is looked at."""
    message = a_message()
    async with an_engine(tmp_path, a_worker()) as app:
        receipts = await asyncio.gather(
            *(app.engine.submit(message, source="test") for _ in range(3))
        )
        await app.engine.outcome_of(workflow_of(receipts[0]))

    assert sorted(receipt.reception for receipt in receipts) == [
        "duplicate",
        "duplicate",
        "started",
    ]


async def test_the_same_id_with_other_content_is_a_dead_letter(tmp_path: Path) -> None:
    """Two plans under one id would share their tickets' ids."""
    async with an_engine(tmp_path, a_worker()) as app:
        await run_to_end(app, a_message(a_task("a")))
        receipt = await app.engine.submit(a_message(a_task("b")), source="test")

    assert receipt.reception is Reception.DEAD_LETTER
    assert rows(tmp_path, "SELECT reason FROM dead_letters") == [("decision_conflict",)]


async def test_what_cannot_be_read_is_kept_with_its_bytes_and_stops_nobody(tmp_path: Path) -> None:
    """Poison costs nobody else anything."""
    async with an_engine(tmp_path, a_worker()) as app:
        poison = await app.engine.submit(b"\xff not json", source="test")
        outcome = await run_to_end(app, a_message())

    assert poison.reception is Reception.DEAD_LETTER
    assert poison.findings
    assert outcome is Outcome.SUCCESS
    assert rows(tmp_path, "SELECT body FROM dead_letters") == [(b"\xff not json",)]


async def test_a_failure_is_compensated_in_reverse(tmp_path: Path) -> None:
    """What had completed is undone, last first, by tickets of their own."""
    undone: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.task_type == "COMPENSATE":
            undone.append(ticket.task_id)
        elif ticket.task_id == "c":
            raise PermanentFailure("no such release")

    async with an_engine(tmp_path, a_worker(work)) as app:
        outcome = await run_to_end(app, a_message(*a_chain("a", "b", "c")))

    assert outcome is Outcome.COMPENSATED
    assert undone == ["b", "a"]
    assert rows(tmp_path, "SELECT task_id, stage FROM tickets WHERE undoes IS NULL") == [
        ("a", "COMPENSATED"),
        ("b", "COMPENSATED"),
        ("c", "FAILED"),
    ]


async def test_an_answer_for_nobody_is_kept_and_stops_nothing(tmp_path: Path) -> None:
    """Workers of somebody else share the topic."""
    async with an_engine(tmp_path, a_worker()) as app:
        await app.engine.report(a_result("no-such-ticket"))
        outcome = await run_to_end(app, a_message())

    assert outcome is Outcome.SUCCESS
    unknown = "SELECT ticket_id FROM results WHERE fate = 'unknown'"
    assert rows(tmp_path, unknown) == [("no-such-ticket",)]


async def test_an_answer_after_the_end_changes_nothing(tmp_path: Path) -> None:
    """A worker that was thought lost may still answer, days later."""
    async with an_engine(tmp_path, a_worker()) as app:
        await run_to_end(app, a_message())
        [(ticket_id,)] = rows(tmp_path, "SELECT ticket_id FROM tickets")
        await app.engine.report(a_result(str(ticket_id), status="FAILED"))
        await run_to_end(app, a_message(decision_id="decision-2"))

    late = "SELECT status, fate FROM results WHERE fate <> 'accepted'"
    assert rows(tmp_path, late) == [("FAILED", "too_late")]
    assert rows(tmp_path, "SELECT DISTINCT stage FROM tickets") == [("COMPLETED",)]


async def test_many_plans_run_side_by_side(tmp_path: Path) -> None:
    """One plan's waiting is no other plan's."""
    gate = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.task_id == "slow":
            await gate.wait()

    async with an_engine(tmp_path, a_worker(work)) as app:
        slow = await app.engine.submit(a_message(a_task("slow")), source="test")
        quick = await asyncio.gather(
            *(run_to_end(app, a_message(decision_id=f"quick-{n}")) for n in range(20))
        )
        gate.set()
        last = await app.engine.outcome_of(workflow_of(slow))

    assert {*quick, last} == {Outcome.SUCCESS}


async def test_a_plan_is_refused_with_an_incident_that_asks_for_another(tmp_path: Path) -> None:
    """An invalid plan ends as REJECTED, on the record, with every reason at once."""
    broken = a_message(a_task("a", dependencies=["b"]), a_task("b", dependencies=["a", "b"]))
    async with an_engine(tmp_path, a_worker()) as app:
        receipt = await app.engine.submit(broken, source="test")
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert receipt.reception is Reception.RECORDED
    assert outcome is Outcome.REJECTED
    assert [finding.code for finding in receipt.findings] == ["self_dependency"]
    assert rows(tmp_path, "SELECT incident_type FROM incidents") == [("INCONSISTENCY",)]
    assert rows(tmp_path, "SELECT topic FROM messages ORDER BY id") == [
        ("orchestration.incidents",),
        ("telemetry.orchestration",),
    ]


async def test_a_conflicting_decision_is_kept_with_its_original_bytes(tmp_path: Path) -> None:
    """Whoever looks into it must see what was sent, not what we made of it."""
    other = b"  " + a_message(a_task("b"))
    headers = {"__value_schema_id": bytes(range(128, 144))}
    async with an_engine(tmp_path, a_worker()) as app:
        await run_to_end(app, a_message(a_task("a")))
        await app.engine.submit(other, headers, source="test")

    [(body, kept)] = rows(tmp_path, "SELECT body, headers FROM dead_letters")
    back = {name: text.encode("latin-1") for name, text in json.loads(str(kept)).items()}
    assert body == other
    assert back == headers


async def test_the_frame_tells_how_long_each_step_took(tmp_path: Path) -> None:
    """C1 and C2 happen before the first fact, and are measured all the same."""
    many = [a_task(f"t{number}") for number in range(3_000)]
    async with an_engine(tmp_path, a_worker()) as app:
        await run_to_end(app, a_message(*many))

    telemetry = "SELECT value FROM messages WHERE topic = 'telemetry.orchestration'"
    [(frame,)] = rows(tmp_path, telemetry)
    took = {step["step"]: step["duration_ms"] for step in json.loads(str(frame))["steps"]}
    assert took["C1"] > 0
    assert took["C2"] > 0
    assert took["C4"] > 0
