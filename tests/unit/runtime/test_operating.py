"""What people, time and missing workers do to plans that run."""

import asyncio
from pathlib import Path

from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Action, Reception, Request
from orchestrator_dynamic.runtime.engine import Engine
from orchestrator_dynamic.sdk import TicketCancelled, TicketContext
from tests.support.engines import (
    a_chain,
    a_message,
    a_worker,
    an_engine,
    ask,
    rows,
    run_to_end,
    until,
    workflow_of,
)
from tests.support.messages import a_task


def asked(action: Action, workflow_id: WorkflowId, **more: object) -> Request:
    """Return what an operator asks for."""
    return Request(action=action, workflow_id=workflow_id, by="ana", **more)  # type: ignore[arg-type]


async def reached(engine: Engine, stage: Stage) -> None:
    """Wait until some ticket of the only plan is in `stage`."""
    [plan] = engine.plans
    await until(lambda: plan.state.counts[stage] > 0)


async def test_a_parked_plan_waits_and_others_do_not(tmp_path: Path) -> None:
    """A person's lunch break is nobody else's problem."""
    async with an_engine(tmp_path, a_worker()) as app:
        message = a_message(decision_id="parked", requires_approval=True)
        parked = await app.engine.submit(message, source="test")
        other = await run_to_end(app, a_message(decision_id="other"))
        reply = await app.engine.request(asked(Action.APPROVE, workflow_of(parked)))
        outcome = await app.engine.outcome_of(workflow_of(parked))

    assert parked.reception is Reception.PARKED
    assert reply.accepted
    assert (other, outcome) == (Outcome.SUCCESS, Outcome.SUCCESS)
    assert rows(tmp_path, "SELECT actor FROM audit WHERE action = 'plan_approved'") == [("ana",)]


async def test_a_destructive_step_waits_at_its_own_turn(tmp_path: Path) -> None:
    """The rest of the plan goes on meanwhile."""
    tasks = (a_task("build"), a_task("drop", dependencies=["build"]), a_task("test"))
    async with an_engine(tmp_path, a_worker()) as app:
        message = a_message(*tasks, destructive_tasks=["drop"])
        receipt = await app.engine.submit(message, source="test")
        await reached(app.engine, Stage.AWAITING_APPROVAL)
        wrong = await app.engine.request(
            asked(Action.APPROVE, workflow_of(receipt), tasks=("build",))
        )
        right = await app.engine.request(
            asked(Action.APPROVE, workflow_of(receipt), tasks=("drop",))
        )
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert not wrong.accepted
    assert "drop" in wrong.text
    assert right.accepted
    assert outcome is Outcome.SUCCESS


async def test_cancelling_reaches_a_handler_that_does_not_look(tmp_path: Path) -> None:
    """A worker in a long sleep must not keep a cancelled plan alive."""
    heard = asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            heard.set()

    async with an_engine(tmp_path, a_worker(work)) as app:
        receipt = await app.engine.submit(a_message(*a_chain("a", "b")), source="test")
        await reached(app.engine, Stage.RUNNING)
        await app.engine.request(asked(Action.CANCEL, workflow_of(receipt)))
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert outcome is Outcome.CANCELLED
    assert heard.is_set()


async def test_a_heartbeat_tells_a_worker_that_its_plan_was_cancelled(tmp_path: Path) -> None:
    """The polite way to stop, for handlers that clean up."""
    told: list[bool] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat(progress="half way")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            try:
                await context.heartbeat()
            except TicketCancelled:
                told.append(True)
            raise

    async with an_engine(tmp_path, a_worker(work)) as app:
        receipt = await app.engine.submit(a_message(), source="test")
        await reached(app.engine, Stage.RUNNING)
        await app.engine.request(asked(Action.CANCEL, workflow_of(receipt)))
        await app.engine.outcome_of(workflow_of(receipt))

    assert told == [True]


async def test_cancelling_ends_at_once_where_no_worker_has_begun(tmp_path: Path) -> None:
    """Queued tickets are taken back; nobody needs to answer for them."""
    async with an_engine(tmp_path) as app:
        receipt = await app.engine.submit(a_message(*a_chain("a", "b")), source="test")
        await app.engine.request(asked(Action.CANCEL, workflow_of(receipt)))
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert outcome is Outcome.CANCELLED
    assert rows(tmp_path, "SELECT DISTINCT stage FROM tickets") == [("CANCELLED",)]


async def test_pausing_stops_releasing_until_resumed(tmp_path: Path) -> None:
    """What is with a worker goes on, nothing follows it."""
    gate = asyncio.Event()
    executed: list[str] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await gate.wait()
        executed.append(ticket.task_id)

    async with an_engine(tmp_path, a_worker(work)) as app:
        receipt = await app.engine.submit(a_message(*a_chain("a", "b")), source="test")
        workflow_id = workflow_of(receipt)
        await reached(app.engine, Stage.RUNNING)
        await app.engine.request(asked(Action.PAUSE, workflow_id))
        gate.set()
        await reached(app.engine, Stage.COMPLETED)
        done_while_paused = list(executed)
        again = await app.engine.request(asked(Action.PAUSE, workflow_id))
        await app.engine.request(asked(Action.RESUME, workflow_id))
        outcome = await app.engine.outcome_of(workflow_id)

    assert done_while_paused == ["a"]
    assert not again.accepted
    assert (executed, outcome) == (["a", "b"], Outcome.SUCCESS)


async def test_a_ticket_that_nobody_can_execute_waits_for_a_worker_that_can(
    tmp_path: Path,
) -> None:
    """It is never dropped, and never sent to somebody who cannot."""
    message = a_message(a_task("a", required_capabilities=["gpu"]))
    poor = a_worker(name="poor", capabilities={"cpu"})
    async with an_engine(tmp_path, poor, CAPABILITY_PATIENCE_MS="1") as app:
        await app.engine.submit(message, source="test")
        [plan] = app.engine.plans
        await until(lambda: plan.state.incidents > 0)
        stage = plan.state.tickets[0].stage

    rich = a_worker(name="rich", capabilities={"cpu", "gpu"})
    async with an_engine(tmp_path, rich) as app:
        [plan] = app.engine.plans
        outcome = await app.engine.outcome_of(plan.state.workflow_id)

    assert stage is Stage.STARVED
    assert outcome is Outcome.SUCCESS
    assert rows(tmp_path, "SELECT incident_type FROM incidents") == [("WORKER_FAILURE",)]


async def test_a_silent_worker_is_noticed_and_its_late_answer_ignored(tmp_path: Path) -> None:
    """Time limits are ours: no sign from the worker is needed."""
    attempts: list[int] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        attempts.append(context.attempt)
        if context.attempt == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.sleep(0)  # Deaf for a moment, as real workers are.
                raise

    quick = {
        "SLA_TICKET_MIN_TIMEOUT_MS": "50",
        "RETRY_BACKOFF_INITIAL_MS": "1",
        "RETRY_BACKOFF_MAX_MS": "1",
    }
    async with an_engine(tmp_path, a_worker(work), **quick) as app:
        message = a_message(a_task("a", estimated_duration_ms=1))
        outcome = await run_to_end(app, message)

    assert outcome is Outcome.SUCCESS
    assert attempts == [1, 2]


async def test_running_out_of_time_for_good_is_one_incident_of_its_kind(tmp_path: Path) -> None:
    """Whether our alarm rings first or the worker's own makes no difference."""
    quick = {"SLA_TICKET_MIN_TIMEOUT_MS": "30", "RETRY_BACKOFF_INITIAL_MS": "1"}
    async with an_engine(tmp_path, a_worker(_for_ever), **quick) as app:
        message = a_message(a_task("a", estimated_duration_ms=1), risk_band="low")
        outcome = await run_to_end(app, message)

    assert outcome is Outcome.FAILED
    causes = "SELECT incident_type FROM incidents WHERE incident_type <> 'SLA_VIOLATION'"
    assert rows(tmp_path, causes) == [("TICKET_TIMEOUT",)]


async def test_a_request_from_another_process_is_heard_and_answered(tmp_path: Path) -> None:
    """`orq approve` beside a running engine writes a row, and waits for its answer."""
    async with an_engine(tmp_path, a_worker()) as app:
        message = a_message(requires_approval=True)
        receipt = await app.engine.submit(message, source="test")
        ask(tmp_path, "approve", workflow_of(receipt))
        ask(tmp_path, "dance", workflow_of(receipt))
        outcome = await app.engine.outcome_of(workflow_of(receipt))

    assert outcome is Outcome.SUCCESS
    answers = "SELECT action, accepted, handled_at IS NULL FROM requests ORDER BY id"
    assert rows(tmp_path, answers) == [("approve", 1, 0), ("dance", 0, 0)]


async def test_an_expired_plan_is_not_started_by_a_late_approval(tmp_path: Path) -> None:
    """What was valid when it was parked may be stale now."""
    async with an_engine(tmp_path, a_worker()) as app:
        message = a_message(requires_approval=True, valid_until=1)
        outcome = await run_to_end(app, message)

    assert outcome is Outcome.EXPIRED


async def test_a_plan_in_its_last_phase_has_nothing_left_to_ask(tmp_path: Path) -> None:
    """Requests about what has ended are refused in words."""
    async with an_engine(tmp_path, a_worker()) as app:
        receipt = await app.engine.submit(a_message(), source="test")
        await app.engine.outcome_of(workflow_of(receipt))
        reply = await app.engine.request(asked(Action.CANCEL, workflow_of(receipt)))

    assert not reply.accepted
    assert "ended" in reply.text
    assert rows(tmp_path, "SELECT phase FROM workflows") == [(Phase.ENDED.value,)]


async def test_what_a_worker_says_of_its_progress_is_on_the_record(tmp_path: Path) -> None:
    """An operator at night wants to know whether it moves, not only that it lives."""

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat(progress="7 of 9 pages")

    async with an_engine(tmp_path, a_worker(work)) as app:
        await run_to_end(app, a_message())

    assert rows(tmp_path, "SELECT progress FROM tickets") == [("7 of 9 pages",)]


async def test_a_talkative_worker_fills_no_mailbox(tmp_path: Path) -> None:
    """A handler that beats in a tight loop must cost the engine no memory."""
    waiting: list[int] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        for number in range(5_000):
            await context.heartbeat(progress=str(number))
        waiting.append(len(app.engine.mailbox))

    async with an_engine(tmp_path, a_worker(work)) as app:
        await run_to_end(app, a_message())

    assert waiting[0] < 10
    assert rows(tmp_path, "SELECT progress FROM tickets") == [("4999",)]


async def test_a_ticket_shows_who_works_on_it_since_when(tmp_path: Path) -> None:
    """An operator wants to know now, not when it has ended."""
    async with an_engine(tmp_path, a_worker(_for_ever, name="ada")) as app:
        await app.engine.submit(a_message(), source="test")
        await reached(app.engine, Stage.RUNNING)
        [plan] = app.engine.plans
        ticket = plan.state.tickets[0]
        seen = (ticket.agent, ticket.started_at == ticket.published_at)

    assert seen == ("ada", True)


async def _for_ever(ticket: ExecutionTicket, context: TicketContext) -> None:
    await asyncio.Event().wait()
