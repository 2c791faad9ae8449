"""Everything that an engine can count, made to happen: scenes for tests of its metrics."""

import asyncio
import time
from pathlib import Path

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.consumers.approval_consumer import ApprovalConsumer
from orchestrator_dynamic.consumers.dead_letters import DeadLetters
from orchestrator_dynamic.consumers.decision_consumer import DecisionConsumer
from orchestrator_dynamic.consumers.reading import unprocessable
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import RiskBand, TaskType
from orchestrator_dynamic.ports.orchestrator import Action, Request
from orchestrator_dynamic.ports.record_source import Partition, Record
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.engines import (
    a_chain,
    a_message,
    a_worker,
    an_engine,
    run_to_end,
    until,
    workflow_of,
)
from tests.support.listed_schemas import ListedSchemas
from tests.support.messages import NOON, a_decision, a_plan, a_result, a_task
from tests.support.metric_samples import Samples, samples

QUICK = {
    "RETRY_BACKOFF_INITIAL_MS": "1",
    "RETRY_BACKOFF_MAX_MS": "1",
    "SLA_TICKET_MIN_TIMEOUT_MS": "100",
    "SLA_DEFAULT_TIMEOUT_MS": "200",
    "PLAN_MAX_BYTES": "65536",
}

# What cannot be read, in the order of the table's reasons for it.
POISON = (
    b"",
    b"x" * 70_000,
    b'{"a": "\xff"}',
    b"no json",
    b'{"decision_id": "a", "decision_id": "b"}',
    b'{"decision_id": NaN}',
    b"[" * 5_000,
    b"\x00\x00",
    b'{"a": 1}',
    b'{"decision_id": "d", "cognitive_plan": {}}',
)


async def work_by_name(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Fail the first attempt at anything, and do what the task's name says at the next."""
    undoes = ticket.task_type == "COMPENSATE"
    match ticket.task_id:
        case "silent":
            await asyncio.Event().wait()
        case "chatty":
            await context.heartbeat()
            await context.heartbeat()
        case "doomed" if not undoes:
            raise PermanentFailure("for good")
        case "hopeless" if undoes:
            raise PermanentFailure("nobody can undo it")
    if context.attempt == 1:
        raise ValueError("once")


async def everything_once(directory: Path) -> list[Samples]:
    """Let everything happen that an engine with a worker counts; return some moments of it."""
    worker = a_worker(work_by_name, capabilities={"some"})
    async with an_engine(directory, worker, **QUICK) as app:
        moments = [samples(app.metrics)]
        await _ends(app)
        await _answers(app)
        await _poison(app)
        await app.engine.submit(
            a_message(decision_id="parked", requires_approval=True), source="test"
        )
        for band in RiskBand:
            name = f"late-{band}"
            task = a_task("starved", required_capabilities=["nobody-has-it"])
            await app.engine.submit(a_message(task, decision_id=name, risk_band=band), source="")
        late = [plan for plan in app.engine.plans if plan.state.decision.decision_id != "parked"]
        await until(lambda: all(plan.state.sla_violations for plan in late))
        moments.append(samples(app.metrics))
        for plan in list(app.engine.plans):
            request = Request(action=Action.CANCEL, workflow_id=plan.state.workflow_id, by="test")
            await app.engine.request(request)
        await until(lambda: not app.engine.plans)
        moments.append(samples(app.metrics))
    return moments


async def isolated_failures(directory: Path) -> list[Samples]:
    """Let a plan end in part, and what depends on its failure be skipped."""
    async with an_engine(
        directory, a_worker(work_by_name), **QUICK, FAILURE_POLICY="isolate"
    ) as app:
        start = samples(app.metrics)
        await run_to_end(app, a_message(*a_chain("doomed", "skipped"), a_task("sound")))
        return [start, samples(app.metrics)]


async def any_worker(directory: Path) -> list[Samples]:
    """Hand a ticket to whoever comes."""
    async with an_engine(directory) as app:
        start = samples(app.metrics)
        await app.engine.submit(a_message(), source="test")
        [plan] = app.engine.plans
        await until(lambda: bool(plan.state.counts[Stage.PUBLISHING]))
        return [start, samples(app.metrics)]


async def _ends(app: Application) -> None:
    """Bring plans of every kind to every end but the partial one."""
    kinds = [kind for kind in TaskType if kind is not TaskType.COMPENSATE]
    for band in RiskBand:
        tasks = [a_task(f"{kind}", task_type=kind) for kind in kinds]
        await run_to_end(app, a_message(*tasks, decision_id=f"sound-{band}", risk_band=band))
    await run_to_end(app, a_message(*a_chain("a", "doomed"), decision_id="compensated"))
    await run_to_end(app, a_message(*a_chain("hopeless", "doomed"), decision_id="failed"))
    await run_to_end(app, a_message(a_task("a", dependencies=["a"]), decision_id="rejected"))
    expired = a_decision(decision_id="expired", valid_until=NOON)
    await run_to_end(app, to_json(expired))


async def _answers(app: Application) -> None:
    """Bring answers of every fate, and say again what is known."""
    message = a_message(*a_chain("chatty", "silent"), decision_id="answers", risk_band="low")
    receipt = await app.engine.submit(message, source="test")
    await app.engine.submit(message, source="test")
    [plan] = app.engine.plans
    chatty = plan.state.tickets[0].ticket_id
    await until(lambda: plan.state.counts[Stage.COMPLETED] > 0)
    stale = {"success": True, "metadata": {"attempt": "1"}}
    await app.engine.report(a_result(chatty))
    await app.engine.report(a_result(chatty, result=stale))
    await app.engine.outcome_of(workflow_of(receipt))
    await app.engine.report(a_result(chatty))
    await app.engine.report(a_result("nobody"))
    letters = DeadLetters(app.engine, "approvals", to=None)
    taker = ApprovalConsumer("approvals", app.engine, MessageCodec(None), letters, app.metrics)
    answer = ApprovalResponse.model_validate(
        {
            "plan_id": "plan-9",
            "intent_id": "intent-9",
            "decision": "approved",
            "approved_by": "ana",
            "approved_at": int(time.time() * 1000),
        }
    )
    await taker.take([_record("approvals", to_json(answer))])


async def _poison(app: Application) -> None:
    """Bring what cannot be used, for every reason there is."""
    for poison in POISON:
        await app.engine.submit(poison, source="test")
    await app.engine.submit(to_json(a_plan()), source="test")
    other = a_message(a_task("other"), decision_id="compensated")
    await app.engine.submit(other, source="test")
    letters = DeadLetters(app.engine, "plans", to=None)
    taker = DecisionConsumer("plans", app.engine, MessageCodec(ListedSchemas()), letters)
    await taker.take([_record("plans", b"\x00\x00\x00\x00\x63\x05abc")])
    await taker.put_aside(_record("plans", b"a"), unprocessable(ZeroDivisionError()))


def _record(topic: str, message: bytes) -> Record:
    return Record(Partition(topic, 0), 0, b"key", message, {}, NOON)
