"""What a real receiver of OTLP has seen of plans: one trace each, from its cause to its outcome."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from threading import Event
from typing import Any

import pytest

from orchestrator_dynamic.bootstrap.temporal import shared_application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Incoming, Orchestrator
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext
from orchestrator_dynamic.wire.message_writer import to_json
from tests.acceptance.command import rows, running
from tests.support.engines import a_chain, a_message, a_worker, an_engine, workflow_of
from tests.support.messages import a_decision, a_plan, a_task
from tests.support.servers.jaeger import Jaeger
from tests.support.servers.ports import HOST, free_ports
from tests.support.temporal_server import DevServer

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


async def told(orchestrator: Orchestrator, trace: str, caller: str) -> Outcome | None:
    """Hand the plan in as a caller does who has a trace, and return how it ended."""
    headers = {"traceparent": f"00-{trace}-{caller}-01".encode()}
    message = Incoming(a_message(*PLAN, decision_id=f"decision-{trace}"), "test", headers)
    receipt = await (await orchestrator.hand_in(message))
    return await orchestrator.outcome_of(workflow_of(receipt))


@pytest.mark.parametrize("protocol", ["grpc", "http"])
async def test_one_trace_tells_the_whole_plan(
    jaeger: Jaeger, tmp_path: Path, protocol: str
) -> None:
    """From the caller's span through each attempt, the retry and the undoing, to the outcome."""
    trace, caller = token_hex(16), token_hex(8)
    async with an_engine(tmp_path, a_worker(work), **settings_for(jaeger, protocol)) as app:
        outcome = await told(app.engine, trace, caller)
        metrics = app.metrics

    assert outcome is Outcome.COMPENSATED
    await assert_whole(jaeger, trace, caller)
    assert 'orchestration_spans_total{result="exported"} 27.0' in metrics.render().decode()
    assert 'orchestration_breaker_state{service="telemetry"} 0.0' in metrics.render().decode()


async def test_the_same_trace_is_told_of_a_plan_on_temporal(
    jaeger: Jaeger, temporal: DevServer, tmp_path: Path
) -> None:
    """Turns are taken by whichever process has time, and spans are of the record all the same."""
    trace, caller = token_hex(16), token_hex(8)
    settings = load_settings(
        {
            **settings_for(jaeger, "grpc"),
            "DATA_DIR": str(tmp_path),
            "TEMPORAL_HOST": HOST,
            "TEMPORAL_PORT": str(temporal.port),
            "TEMPORAL_NAMESPACE": temporal.address.namespace,
            "TEMPORAL_TASK_QUEUE": f"queue-{trace}",
        },
        None,
    )
    async with (
        asyncio.timeout(60),
        shared_application(settings, takes_turns=True, workers=[a_worker(work)]) as app,
    ):
        outcome = await told(app.orchestrator, trace, caller)

    assert outcome is Outcome.COMPENSATED
    await assert_whole(jaeger, trace, caller)


async def assert_whole(jaeger: Jaeger, trace: str, caller: str) -> None:
    """Check that the receiver has each span of the plan once, in its place."""
    attempts = ["ticket made", "ticket flaky", "ticket flaky", "ticket broken"]
    undone = ["undo flaky", "undo made"]
    parts = [*PARTS] * (len(attempts) + len(undone))
    wanted = sorted([*attempts, *undone, *parts, "workflow", "validate", "generate"])
    spans = await seen(jaeger, trace, len(wanted))
    by_name = {span["operationName"]: span for span in spans}
    by_id = {span["spanID"]: span for span in spans}
    root = by_name["workflow"]
    tags = tags_of(root)

    assert sorted(span["operationName"] for span in spans) == wanted
    assert len(by_id) == len(spans)
    assert parent_of(root) == caller
    assert tags["orchestration.decision_id"] == f"decision-{trace}"
    assert tags["orchestration.outcome"] == "COMPENSATED"
    assert tags["orchestration.plan_id"] == f"plan-of-decision-{trace}"
    assert tags["orchestration.intent_id"] == "intent-1"
    assert tags["orchestration.workflow_id"] == f"orch-decision-{trace}"
    for span in spans:
        parent = by_id.get(parent_of(span) or "")
        if span["operationName"] in PARTS:
            assert parent is not None
            assert parent["operationName"].startswith(("ticket ", "undo "))
        elif span is not root:
            assert parent is root, span["operationName"]
    failed = [one for one in spans if one["operationName"] == "ticket flaky"]
    assert {tags_of(one)["orchestration.attempt"]: "error" in tags_of(one) for one in failed} == {
        1: True,
        2: False,
    }
    assert tags_of(by_name["ticket broken"])["error"] is True
    assert "error" not in tags_of(by_name["undo made"])
    links = [one["spanID"] for one in by_name["undo made"]["references"]]
    assert by_name["ticket made"]["spanID"] in links


async def test_a_kill_in_the_middle_leaves_one_whole_trace(jaeger: Jaeger, tmp_path: Path) -> None:
    """What the killed process had not sent, the next one tells, and nothing stands there twice."""
    names = [f"t{number}" for number in range(40)]
    trace = token_hex(16)
    plan = tmp_path / "plan.json"
    plan.write_bytes(to_json(a_decision(a_plan(*a_chain(*names)), trace_id=trace)))
    record = tmp_path / "record"
    environment = {**settings_for(jaeger, "http"), "RECORD": str(record)}
    command = ("run", plan, "--data-dir", tmp_path / "data", "--json")
    worker = ("--worker", "tests.acceptance.recording_worker:worker")

    def in_the_middle() -> bool:
        return record.exists() and len(record.read_text().splitlines()) >= 20

    def story() -> None:
        with running(*command, *worker, env=environment) as process:
            process.until(in_the_middle)
        done = rows(tmp_path / "data", "SELECT count(*) FROM tickets WHERE stage = 'COMPLETED'")
        assert 0 < done[0][0] < len(names)
        with running(*command, *worker, env=environment) as process:
            assert process.ended().exit_code == 0

    await asyncio.to_thread(story)
    wanted = sorted(["generate", "validate", "workflow", *(f"ticket {name}" for name in names)])
    spans = await seen(jaeger, trace, 3 + 4 * len(names))
    whole = [span["operationName"] for span in spans if span["operationName"] not in PARTS]

    assert len({span["spanID"] for span in spans}) == len(spans)
    assert sorted(set(whole)) == wanted
    # The attempt that the kill hit is told as well, where it had begun.
    assert len(whole) - len(wanted) <= 1


async def test_a_collector_that_is_away_holds_up_nothing(tmp_path: Path) -> None:
    """Neither the plan nor the end of the process; what was lost is counted."""
    [port] = free_ports(1)
    settings = {
        "OTEL_EXPORTER_ENDPOINT": f"http://{HOST}:{port}",
        "OTEL_EXPORTER_PROTOCOL": "grpc",
    }
    async with an_engine(tmp_path, a_worker(), **settings) as app:
        began = time.monotonic()
        receipt = await app.engine.submit(a_message(), source="test")
        assert receipt.workflow_id is not None
        outcome = await app.engine.outcome_of(receipt.workflow_id)
        leaving = time.monotonic()
    took_s = time.monotonic() - leaving

    assert outcome is Outcome.SUCCESS
    assert leaving - began < 1, "a plan of one task takes some milliseconds"
    assert took_s < 5, "the library's own flush takes half a minute"
    assert 'orchestration_spans_total{result="dropped"} 7.0' in app.metrics.render().decode()
