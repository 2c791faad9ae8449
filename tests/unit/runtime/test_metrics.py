"""Every metric moves when what it counts happens, in the engine that runs."""

from pathlib import Path

import pytest

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import (
    a_chain,
    a_message,
    a_worker,
    an_engine,
    run_to_end,
    until,
    workflow_of,
)
from tests.support.messages import a_result, a_task
from tests.support.metric_samples import Samples, samples, value


async def fails_by_name(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Fail `flaky` once and `doomed` for good."""
    if ticket.task_id == "flaky" and context.attempt == 1:
        raise ValueError("once")
    if ticket.task_id == "doomed" and ticket.task_type != "COMPENSATE":
        raise PermanentFailure("for good")


async def a_busy_day(app: Application) -> Samples:
    """Let everything happen once that an engine can count, and return the samples then."""
    sound = a_message(*a_chain("a", "flaky"), decision_id="sound")
    receipt = await app.engine.submit(sound, source="test")
    await app.engine.outcome_of(workflow_of(receipt))
    await app.engine.submit(sound, source="test")
    await run_to_end(app, a_message(*a_chain("a", "doomed"), decision_id="doomed"))
    await run_to_end(app, a_message(a_task("a", dependencies=["a"]), decision_id="invalid"))
    await app.engine.submit(b"poison", source="test")
    await app.engine.report(a_result("nobody"))
    slow = a_task("slow", required_capabilities=["nobody-has-it"])
    await app.engine.submit(a_message(slow, decision_id="starved"), source="test")
    await app.engine.submit(a_message(decision_id="parked", requires_approval=True), source="test")
    await until(lambda: any(plan.state.sla_violations for plan in app.engine.plans))
    read = samples(app.metrics)
    for plan in list(app.engine.plans):
        workflow_id = plan.state.workflow_id
        await app.engine.request(Request(action=Action.CANCEL, workflow_id=workflow_id, by="test"))
    return read


@pytest.fixture
async def day(tmp_path: Path) -> Samples:
    """The samples after a busy day."""
    quick = {
        "RETRY_BACKOFF_INITIAL_MS": "1",
        "RETRY_BACKOFF_MAX_MS": "1",
        "SLA_TICKET_MIN_TIMEOUT_MS": "300",
    }
    worker = a_worker(fails_by_name, capabilities={"some"})
    async with an_engine(tmp_path, worker, **quick) as app:
        return await a_busy_day(app)


MOVED: tuple[tuple[str, dict[str, str], float], ...] = (
    ("orchestration_workflows_started_total", {"risk_band": "medium"}, 3),
    ("orchestration_workflows_completed_total", {"outcome": "SUCCESS", "risk_band": "medium"}, 1),
    ("orchestration_workflows_completed_total", {"outcome": "REJECTED", "risk_band": "medium"}, 1),
    ("orchestration_workflow_duration_seconds_count", {"outcome": "COMPENSATED"}, 1),
    ("orchestration_workflows_active", {}, 1),
    ("orchestration_decisions_parked", {}, 1),
    ("orchestration_tickets_generated_total", {"task_type": "EXECUTE"}, 6),
    ("orchestration_tickets_generated_total", {"task_type": "COMPENSATE"}, 1),
    ("orchestration_tickets_published_total", {"task_type": "EXECUTE"}, 5),
    (
        "orchestration_tickets_completed_total",
        {"status": "COMPLETED", "task_type": "EXECUTE"},
        3,
    ),
    ("orchestration_tickets_completed_total", {"status": "FAILED", "task_type": "EXECUTE"}, 1),
    (
        "orchestration_tickets_completed_total",
        {"status": "COMPENSATED", "task_type": "EXECUTE"},
        1,
    ),
    ("orchestration_ticket_generation_duration_seconds_count", {}, 4),
    ("orchestration_ticket_queue_seconds_count", {}, 6),
    ("orchestration_ticket_run_seconds_count", {"task_type": "COMPENSATE"}, 1),
    ("orchestration_retries_total", {"cause": "failed", "task_type": "EXECUTE"}, 1),
    ("orchestration_compensations_total", {"status": "COMPENSATED"}, 1),
    ("orchestration_plan_validations_total", {"result": "valid"}, 4),
    ("orchestration_plan_validations_total", {"result": "invalid"}, 1),
    ("orchestration_resource_allocations_total", {"result": "by_capability"}, 6),
    ("orchestration_resource_allocations_total", {"result": "starved"}, 1),
    ("orchestration_sla_violations_total", {"scope": "ticket", "risk_band": "medium"}, 1),
    ("orchestration_deadline_approaching_total", {"scope": "ticket"}, 1),
    ("orchestration_duplicates_total", {"kind": "decision"}, 1),
    ("orchestration_dead_letters_total", {"reason": "not_json"}, 1),
    ("orchestration_incidents_total", {"type": "WORKER_FAILURE"}, 1),
    ("orchestration_incidents_total", {"type": "INCONSISTENCY"}, 1),
    ("orchestration_incidents_total", {"type": "SLA_VIOLATION"}, 1),
    ("orchestration_results_total", {"fate": "accepted"}, 6),
    ("orchestration_results_total", {"fate": "unknown"}, 1),
)


async def test_every_metric_counts_what_it_says(day: Samples) -> None:
    """A dashboard that shows a number nobody records is worse than none."""
    read = {(name, *labels.items()): value(day, name, **labels) for name, labels, _ in MOVED}

    assert read == {(name, *labels.items()): expected for name, labels, expected in MOVED}


async def test_what_is_measured_continuously_moves_as_well(day: Samples) -> None:
    """These have no number that a test could know beforehand."""
    assert value(day, "orchestration_commits_total") > 5
    assert value(day, "orchestration_commit_duration_seconds_sum") > 0
    assert value(day, "orchestration_sla_remaining_seconds", risk_band="medium") < 3_600


async def test_what_is_undone_has_completed_once(tmp_path: Path) -> None:
    """An original is recorded again when its compensation is issued; that completes nothing."""
    async with an_engine(tmp_path, a_worker(fails_by_name)) as app:
        await run_to_end(app, a_message(*a_chain("a", "b", "c", "doomed")))
        read = samples(app.metrics)

    name, kind = "orchestration_tickets_completed_total", "EXECUTE"
    assert value(read, name, status="COMPLETED", task_type=kind) == 3
    assert value(read, name, status="COMPENSATED", task_type=kind) == 3


async def test_a_late_answer_and_a_heartbeat_are_told_apart(tmp_path: Path) -> None:
    """Results by fate show whether time limits are too tight."""

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        await context.heartbeat()
        await context.heartbeat()

    async with an_engine(tmp_path, a_worker(work)) as app:
        receipt = await app.engine.submit(a_message(*a_chain("a", "b")), source="test")
        [plan] = app.engine.plans
        first = plan.state.tickets[0].ticket_id
        await until(lambda: plan.state.counts[Stage.COMPLETED] > 0)
        await app.engine.report(a_result(first))
        await app.engine.outcome_of(workflow_of(receipt))
        await app.engine.report(a_result(first))
        await run_to_end(app, a_message(decision_id="last"))
        read = samples(app.metrics)

    assert value(read, "orchestration_results_total", fate="repeated") == 1
    assert value(read, "orchestration_duplicates_total", kind="result") == 1
    assert value(read, "orchestration_results_total", fate="too_late") == 1
    assert value(read, "orchestration_results_total", fate="heartbeat") > 0
