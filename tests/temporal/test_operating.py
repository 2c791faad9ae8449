"""What operators ask of plans on a Temporal server: as updates, refused before they are history."""

import asyncio
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action, Reception
from orchestrator_dynamic.sdk import TicketContext
from tests.support.engines import a_chain, a_worker, rows
from tests.support.messages import a_task
from tests.support.temporal_server import DevServer
from tests.support.temporal_world import Process, a_new_message, a_process


async def events_of(process: Process, workflow_id: WorkflowId) -> list[str]:
    """Return the kinds of events in a workflow's history."""
    history = await process.client.get_workflow_handle(workflow_id).fetch_history()
    return [EventType.Name(event.event_type) for event in history.events]


async def test_a_parked_plan_runs_when_a_person_approves_it(
    server: DevServer, tmp_path: Path
) -> None:
    """Both words are kept with the name of whoever said them."""
    async with a_process(tmp_path, server.address, a_worker()) as process:
        approved, refused = [
            await process.orchestrator.submit(a_new_message(requires_approval=True), source="test")
            for _ in range(2)
        ]
        names = [WorkflowId(str(one.workflow_id)) for one in (approved, refused)]
        yes = await process.ask(Action.APPROVE, names[0], reason="fine")
        no = await process.ask(Action.REJECT, names[1], reason="not now")
        outcomes = [await process.outcome_of(name) for name in names]

    assert {one.reception for one in (approved, refused)} == {Reception.PARKED}
    assert (yes.accepted, no.accepted) == (True, True)
    assert outcomes == [Outcome.SUCCESS, Outcome.REJECTED]
    said = rows(tmp_path, "SELECT action, actor FROM audit WHERE actor = 'ana' ORDER BY action")
    assert said == [("plan_approved", "ana"), ("plan_refused", "ana")]


async def test_steps_are_approved_one_by_one(server: DevServer, tmp_path: Path) -> None:
    """A name that is no waiting step is refused by the turn, which knows them all."""
    tasks = (a_task("drop"), a_task("wipe"))
    async with a_process(tmp_path, server.address, a_worker()) as process:
        message = a_new_message(*tasks, destructive_tasks=["drop", "wipe"])
        workflow_id = await process.begin(message)
        report = await process.until(workflow_id, lambda report: len(report.steps) == 2)
        unknown = await process.ask(Action.APPROVE, workflow_id, tasks=("dorp",))
        one = await process.ask(Action.APPROVE, workflow_id, tasks=("drop",))
        left = await process.until(workflow_id, lambda report: report.steps == ("wipe",))
        other = await process.ask(Action.APPROVE, workflow_id, tasks=("wipe",))
        outcome = await process.outcome_of(workflow_id)

    assert "2 of its steps" in report.why
    assert (unknown.accepted, one.accepted, other.accepted) == (False, True, True)
    assert "no such step waits: dorp" in unknown.text
    assert left.stages["AWAITING_APPROVAL"] == 1
    assert outcome is Outcome.SUCCESS


async def test_pausing_holds_back_and_resuming_lets_go(server: DevServer, tmp_path: Path) -> None:
    """What is out may end; nothing follows until somebody resumes the plan."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await go_on.wait()

    async with a_process(tmp_path, server.address, a_worker(wait)) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("a", "b")))
        await begun.wait()
        paused = await process.ask(Action.PAUSE, workflow_id)
        go_on.set()
        held = await process.until(workflow_id, lambda report: not report.under_way)
        resumed = await process.ask(Action.RESUME, workflow_id)
        outcome = await process.outcome_of(workflow_id)

    assert (paused.accepted, resumed.accepted) == (True, True)
    assert (held.paused, held.stages) == (True, {"COMPLETED": 1, "READY": 1})
    assert held.why == "is paused; nothing is released until it is resumed"
    assert outcome is Outcome.SUCCESS


async def test_cancelling_ends_a_plan(server: DevServer, tmp_path: Path) -> None:
    """Whoever works for it is told to stop."""
    begun = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with a_process(tmp_path, server.address, a_worker(work)) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("a", "b")))
        await begun.wait()
        reply = await process.ask(Action.CANCEL, workflow_id, reason="enough")
        outcome = await process.outcome_of(workflow_id)

    assert reply.accepted
    assert outcome is Outcome.CANCELLED


async def test_what_cannot_be_done_is_refused_without_an_event(
    server: DevServer, tmp_path: Path
) -> None:
    """Whoever asks in vain, again and again, does not fill a history."""
    async with a_process(tmp_path, server.address) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("a", "b")))
        await process.until(workflow_id, lambda report: bool(report.under_way))
        before = await events_of(process, workflow_id)
        refusals = [
            await process.ask(Action.RESUME, workflow_id),
            await process.ask(Action.APPROVE, workflow_id),
            await process.ask(Action.REJECT, workflow_id),
            await process.ask(Action.PAUSE, workflow_id, by=" "),
        ]
        after = await events_of(process, workflow_id)
        await process.ask(Action.PAUSE, workflow_id)
        again = await process.ask(Action.PAUSE, workflow_id)

    assert [refusal.text for refusal in [*refusals, again]] == [
        "it is not paused",
        "nothing in it waits for approval now",
        "nothing in it waits for approval now",
        "say by whom: `by` is empty",
        "it is paused already",
    ]
    assert not any(refusal.accepted for refusal in [*refusals, again])
    assert after == before


async def test_nothing_is_asked_of_a_plan_that_has_ended_or_never_was(
    server: DevServer, tmp_path: Path
) -> None:
    """The reply says so; nobody waits for it."""
    async with a_process(tmp_path, server.address, a_worker()) as process:
        workflow_id = await process.begin(a_new_message())
        await process.outcome_of(workflow_id)
        replies = [
            await process.ask(Action.CANCEL, name)
            for name in (workflow_id, WorkflowId("orch-nobody"))
        ]
        stranger = await process.workflows.report(WorkflowId("orch-nobody"))
        outcome = await process.outcome_of(WorkflowId("orch-nobody"))

    assert [reply.accepted for reply in replies] == [False, False]
    assert all("it has ended or never was" in reply.text for reply in replies)
    assert (stranger, outcome) == (None, None)


async def test_a_plan_can_be_looked_at_while_it_runs_and_after(
    server: DevServer, tmp_path: Path
) -> None:
    """A query brings no event, and works as long as the server keeps the history."""
    go_on = asyncio.Event()

    async def wait(ticket: ExecutionTicket, context: TicketContext) -> None:
        await go_on.wait()

    async with a_process(tmp_path, server.address, a_worker(wait)) as process:
        workflow_id = await process.begin(a_new_message(*a_chain("a", "b")))
        running = await process.until(workflow_id, lambda report: "RUNNING" in report.stages)
        handle = process.client.get_workflow_handle(workflow_id)
        tickets, why = await handle.query("tickets"), await handle.query("why")
        go_on.set()
        await process.outcome_of(workflow_id)
        ended = await process.report(workflow_id)
        after = await handle.query("tickets")

    assert running.stages == {"RUNNING": 1, "WAITING": 1}
    assert tickets == [{"task_id": "a", "stage": "RUNNING", "attempt": 1}]
    assert why == "runs: 1 ticket out, 2 not ended"
    assert (ended.outcome, ended.phase, after) == ("SUCCESS", "ENDED", [])


@pytest.mark.parametrize("size", [200_000, 3_000_000])
async def test_a_word_that_is_too_long_for_a_server_is_refused(
    server: DevServer, tmp_path: Path, size: int
) -> None:
    """It is the operator's word that does not fit: nothing is wrong with the settings."""
    async with a_process(tmp_path, server.address) as process:
        workflow_id = await process.begin(a_new_message(requires_approval=True))
        await process.until(workflow_id, lambda report: report.phase == "AWAITING_APPROVAL")
        reply = await process.ask(Action.APPROVE, workflow_id, reason="x" * size)
        report = await process.report(workflow_id)

    assert not reply.accepted
    assert "too long" in reply.text
    assert report.phase == "AWAITING_APPROVAL"


async def test_a_plan_is_found_by_its_marks(server: DevServer, tmp_path: Path) -> None:
    """The server's own tools find a plan by intent, plan, decision, risk and outcome."""
    message = a_new_message(risk_band="high", intent_id="intent-of-marks")
    message = message.replace(b'"intent_id":"intent-1"', b'"intent_id":"intent-of-marks"')
    async with a_process(tmp_path, server.address, a_worker()) as process:
        receipt = await process.orchestrator.submit(message, source="test")
        workflow_id = WorkflowId(str(receipt.workflow_id))
        await process.outcome_of(workflow_id)
        query = (
            "OrchIntent = 'intent-of-marks' AND OrchOutcome = 'SUCCESS' AND OrchRiskBand = 'high' "
            f"AND OrchPlan = '{receipt.plan_id}' AND OrchDecision = '{receipt.decision_id}'"
        )
        found: list[str] = []
        while not found:  # What can be looked up follows a moment later.
            found = [one.id async for one in process.client.list_workflows(query)]

    assert found == [workflow_id]
