"""Running again what did not complete: what is left of a plan, and when nobody may."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action, Incoming, Reception, Request
from orchestrator_dynamic.runtime.retrying import (
    NotRetryable,
    retried_id,
    retry_message,
    retry_source,
)
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from orchestrator_dynamic.wire.decision_reader import ReadLimits, read_decision
from tests.support.engines import a_chain, a_message, a_worker, an_engine, run_to_end
from tests.support.messages import a_task

LIMITS = ReadLimits(plan_bytes_max=10**9)
LATER = 10**14
Work = Callable[[ExecutionTicket, TicketContext], Awaitable[None]]


def failing(*names: str) -> Work:
    """Return work that fails for good at these tasks, and at undoing them if they say so."""

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        undoing = ticket.task_type.value == "COMPENSATE"
        if (f"undo {ticket.task_id}" if undoing else ticket.task_id) in names:
            raise PermanentFailure("as the test wants")

    return work


async def message_for(app: Application, decision_id: str = "decision-1", at: int = 1) -> bytes:
    """Return the decision that runs the rest of a plan again."""
    workflow = await app.store.workflow_by_id(WorkflowId(f"orch-{decision_id}"))
    decision, tickets = await app.store.decision(workflow), await app.store.tickets(workflow)
    return retry_message(workflow, decision, tickets, at)


def test_ids_follow_from_each_other() -> None:
    """Whoever asks twice gets the same, and a retry of a retry is told apart."""
    assert retried_id("d") == "d~retry-1"
    assert retried_id("d~retry-1") == "d~retry-2"
    assert retry_source("d") is None
    assert retry_source("d~retry-1") == "orch-d"
    assert retry_source("d~retry-2") == "orch-d~retry-1"
    assert retried_id("d~retry-0") == "d~retry-0~retry-1"


async def test_what_completed_is_not_run_again(tmp_path: Path) -> None:
    """Only the rest is, and it waits for nothing that is done."""
    tasks = a_chain("a", "b", "c")
    settings = {"FAILURE_POLICY": "isolate"}
    async with an_engine(tmp_path, a_worker(failing("b")), **settings) as app:
        await run_to_end(app, a_message(*tasks, execution_order=["a", "b", "c"]))
        message = await message_for(app)
        again = await message_for(app)

    decision = read_decision(message, limits=LIMITS).decision
    plan = decision.cognitive_plan
    assert message == again, "asking twice must say the same"
    assert decision.decision_id == "decision-1~retry-1"
    assert decision.metadata["retry_of"] == "orch-decision-1"
    assert [(task.task_id, task.dependencies) for task in plan.tasks] == [("b", ()), ("c", ("b",))]
    assert plan.execution_order == ("b", "c")


async def test_what_was_undone_is_run_again_and_can_succeed(tmp_path: Path) -> None:
    """A retry is a decision like any other: it runs, and the first outcome stays."""
    tasks = (a_task("made", task_type="BUILD"), a_task("broken", dependencies=["made"]))
    async with an_engine(tmp_path, a_worker(failing("broken"))) as app:
        first = await run_to_end(app, a_message(*tasks))
        message = await message_for(app)
    async with an_engine(tmp_path, a_worker()) as app:
        receipt = await (await app.engine.hand_in(Incoming(message, "retry", by="ana")))
        outcome = await app.engine.outcome_of(WorkflowId("orch-decision-1~retry-1"))
        original = await app.store.workflow("orch-decision-1")

    assert first is Outcome.COMPENSATED
    assert receipt.reception is Reception.STARTED
    assert outcome is Outcome.SUCCESS
    assert original.outcome is Outcome.COMPENSATED


async def test_a_broken_undoing_wants_a_person_first(tmp_path: Path) -> None:
    """Nobody knows what state the world is in: running on would make it worse."""
    tasks = (a_task("made", task_type="BUILD"), a_task("broken", dependencies=["made"]))
    work = failing("broken", "undo made")
    async with an_engine(tmp_path, a_worker(work)) as app:
        await run_to_end(app, a_message(*tasks))
        stages = [one.stage for one in await app.store.tickets(await app.store.workflow("plan-of"))]

        with pytest.raises(NotRetryable, match="the undoing of made did not complete"):
            await message_for(app)

    assert Stage.FAILED in stages


async def test_what_succeeded_has_not_ended_or_is_late_is_not_run_again(tmp_path: Path) -> None:
    """Each says why."""
    async with an_engine(tmp_path, a_worker(failing("bad"))) as app:
        await run_to_end(app, a_message(decision_id="good"))
        parked = a_message(decision_id="parked", requires_approval=True)
        await app.engine.submit(parked, source="test")
        late = a_message(a_task("bad"), decision_id="late", valid_until=LATER)
        await run_to_end(app, late)

        with pytest.raises(NotRetryable, match="ended SUCCESS"):
            await message_for(app, "good")
        with pytest.raises(NotRetryable, match="has not ended"):
            await message_for(app, "parked")
        assert await message_for(app, "late")
        with pytest.raises(NotRetryable, match="was valid until"):
            await message_for(app, "late", at=LATER + 1)
        request = Request(action=Action.REJECT, workflow_id=WorkflowId("orch-parked"), by="ana")
        await app.engine.request(request)
        with pytest.raises(NotRetryable, match="ended REJECTED"):
            await message_for(app, "parked")
