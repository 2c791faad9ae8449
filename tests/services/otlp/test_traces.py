"""What a real receiver of OTLP has seen of plans: one trace each, from its cause to its outcome."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import Any

import pytest

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Incoming
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from tests.support.engines import a_message, a_worker, an_engine
from tests.support.messages import a_task
from tests.support.servers.jaeger import Jaeger
from tests.support.servers.ports import HOST, free_ports

Span = dict[str, Any]

PARTS = {"publish", "wait", "run"}
PLAN = (
    a_task("made", task_type="BUILD"),
    a_task("flaky", dependencies=["made"]),
    a_task("broken", dependencies=["flaky"]),
)


async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Live a little, fail what is called flaky once, and what is called broken for good."""
    await context.heartbeat()
    if "original_ticket_id" in ticket.parameters:
        return
    if ticket.task_id == "flaky" and context.attempt == 1:
        raise OSError("not this time")
    if ticket.task_id == "broken":
        raise PermanentFailure("it is broken")


def settings_for(jaeger: Jaeger, protocol: str) -> dict[str, str]:
    """Return the settings of an engine that sends its spans to `jaeger`."""
    endpoint = jaeger.grpc if protocol == "grpc" else jaeger.http
    return {
        "OTEL_EXPORTER_ENDPOINT": endpoint,
        "OTEL_EXPORTER_PROTOCOL": protocol,
        "RETRY_BACKOFF_INITIAL_MS": "50",
        "RETRY_JITTER": "0",
    }


async def seen(jaeger: Jaeger, trace_id: str, count: int) -> list[Span]:
    """Return a trace once its receiver has as many spans of it; it must come to that."""
    for _ in range(200):
        spans = await asyncio.to_thread(jaeger.spans, trace_id)
        if len(spans) >= count:
            return spans
        await asyncio.to_thread(time_passes)
    raise AssertionError(
        f"{len(spans)} of {count} spans: {[one['operationName'] for one in spans]}"
    )


def time_passes() -> None:
    """Leave the receiver some time."""
    Event().wait(0.05)


def parent_of(span: Span) -> str | None:
    """Return the id of the span that a span belongs to."""
    parents = [one["spanID"] for one in span["references"] if one["refType"] == "CHILD_OF"]
    return parents[0] if parents else None


def tags_of(span: Span) -> Mapping[str, Any]:
    """Return a span's attributes."""
    return {one["key"]: one["value"] for one in span["tags"]}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
async def test_one_trace_tells_the_whole_plan(
    jaeger: Jaeger, tmp_path: Path, protocol: str
) -> None:
    """From the caller's span through each attempt, the retry and the undoing, to the outcome."""
    trace, caller = token_hex(16), token_hex(8)
    headers = {"traceparent": f"00-{trace}-{caller}-01".encode()}
    decision = f"decision-{trace}"
    async with an_engine(tmp_path, a_worker(work), **settings_for(jaeger, protocol)) as app:
        message = Incoming(a_message(*PLAN, decision_id=decision), "test", headers)
        receipt = await (await app.engine.hand_in(message))
        assert receipt.workflow_id is not None
        outcome = await app.engine.outcome_of(receipt.workflow_id)

    attempts = ["ticket made", "ticket flaky", "ticket flaky", "ticket broken"]
    undone = ["undo flaky", "undo made"]
    parts = [*PARTS] * (len(attempts) + len(undone))
    wanted = sorted([*attempts, *undone, *parts, "workflow", "validate", "generate"])
    spans = await seen(jaeger, trace, len(wanted))
    names = sorted(span["operationName"] for span in spans)
    by_name = {span["operationName"]: span for span in spans}
    root = by_name["workflow"]

    assert outcome is Outcome.COMPENSATED
    assert names == wanted
    assert len({span["spanID"] for span in spans}) == len(spans)
    assert parent_of(root) == caller
    assert tags_of(root)["orchestration.decision_id"] == decision
    assert tags_of(root)["orchestration.outcome"] == "COMPENSATED"
    assert tags_of(root)["orchestration.plan_id"] == f"plan-of-{decision}"
    assert tags_of(root)["orchestration.intent_id"] == "intent-1"
    assert tags_of(root)["orchestration.workflow_id"] == receipt.workflow_id
    for span in spans:
        if span["operationName"] in PARTS:
            assert parent_of(span) in {one["spanID"] for one in spans}
        elif span is not root:
            assert parent_of(span) == root["spanID"], span["operationName"]
    assert tags_of(by_name["ticket broken"])["error"] is True
    assert "error" not in tags_of(by_name["undo made"])


async def test_a_kill_in_the_middle_leaves_one_whole_trace(jaeger: Jaeger, tmp_path: Path) -> None:
    """Spans are made of the record, so that the process after tells what the one before could not.

    Here the first engine never comes to its end: its context is left by an error, as by a kill.
    """
    trace = token_hex(16)
    headers = {"traceparent": f"00-{trace}-{token_hex(8)}-01".encode()}
    begun, never = asyncio.Event(), asyncio.Event()

    async def hang(ticket: ExecutionTicket, context: TicketContext) -> None:
        if ticket.task_id == "second":
            begun.set()
            await never.wait()

    tasks = (a_task("first"), a_task("second", dependencies=["first"]))
    decision = f"decision-{trace}"
    settings = settings_for(jaeger, "http")

    async def killed_in_the_middle() -> None:
        async with an_engine(tmp_path, a_worker(hang), **settings) as app:
            message = Incoming(a_message(*tasks, decision_id=decision), "test", headers)
            await (await app.engine.hand_in(message))
            await begun.wait()
            raise RuntimeError("killed")

    with pytest.raises(ExceptionGroup):
        await killed_in_the_middle()
    async with an_engine(tmp_path, a_worker(), **settings) as app:
        await app.engine.outcome_of(WorkflowId(f"orch-{decision}"))

    spans = await seen(jaeger, trace, 3 + 2 * 4)
    assert len({span["spanID"] for span in spans}) == len(spans)
    whole = [span["operationName"] for span in spans if span["operationName"] not in PARTS]
    assert sorted(whole) == ["generate", "ticket first", "ticket second", "validate", "workflow"]


async def test_a_collector_that_is_away_holds_up_nothing(tmp_path: Path) -> None:
    """Neither the plan nor the end of the process; what was lost is counted."""
    [port] = free_ports(1)
    settings = {
        "OTEL_EXPORTER_ENDPOINT": f"http://{HOST}:{port}",
        "OTEL_EXPORTER_PROTOCOL": "grpc",
    }
    async with an_engine(tmp_path, a_worker(), **settings) as app:
        receipt = await app.engine.submit(a_message(), source="test")
        assert receipt.workflow_id is not None
        outcome = await app.engine.outcome_of(receipt.workflow_id)
        leaving = time.monotonic()
    took_s = time.monotonic() - leaving

    assert outcome is Outcome.SUCCESS
    assert took_s < 10, "the library's own flush takes half a minute"
    assert 'orchestration_spans_total{result="dropped"} 7.0' in app.metrics.render().decode()
