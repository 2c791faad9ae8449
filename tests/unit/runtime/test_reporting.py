"""The log tells the story of a plan, and each line leads to the plan, its trace and its cause."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from orchestrator_dynamic.core.trace_context import trace_of
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.logging import configure_logging, set_level
from orchestrator_dynamic.sdk import PermanentFailure
from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.engines import a_chain, a_message, a_worker, an_engine, run_to_end
from tests.support.messages import a_decision, a_plan, a_task

WORKFLOW = "orch-decision-1"


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What is logged, a JSON object a line; afterwards logging is as it was."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_each_line_about_a_plan_has_its_ids(tmp_path: Path, said: io.StringIO) -> None:
    """Whoever has one of the ids finds the whole story with it, incidents included."""
    decision = a_decision(a_plan(a_task()), correlation_id="caused-by-1")

    async def fail(*_: object) -> None:
        raise PermanentFailure("it is broken")

    async with an_engine(tmp_path, a_worker(fail)) as app:
        await run_to_end(app, to_json(decision))
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    about = [line for line in lines if line.get("workflow_id") == WORKFLOW]
    trace = trace_of(decision, WorkflowId(WORKFLOW), None).trace_id

    assert {"decision_accepted", "incident_raised", "plan_ended"} <= {x["event"] for x in about}
    assert {line["trace_id"] for line in about} == {trace}
    assert {line["plan_id"] for line in about} == {decision.plan_id}
    assert {line["correlation_id"] for line in about} == {"caused-by-1"}
    assert {(line["decision_id"], line["intent_id"]) for line in about} == {
        ("decision-1", "intent-1")
    }


async def test_the_story_has_no_line_for_a_ticket(tmp_path: Path, said: io.StringIO) -> None:
    """Ten thousand of them would bury the plan's own."""
    async with an_engine(tmp_path, a_worker()) as app:
        await run_to_end(app, a_message(*a_chain("a", "b", "c")))

    events = [json.loads(line)["event"] for line in said.getvalue().splitlines()]
    assert events == ["decision_accepted", "plan_started", "plan_ended"]


async def test_at_debug_each_ticket_is_followed(tmp_path: Path, said: io.StringIO) -> None:
    """Whoever turned it on looks for the one that went astray."""
    async with an_engine(tmp_path, a_worker()) as app:
        set_level("DEBUG", actor="ana")
        await run_to_end(app, a_message(a_task("a"), a_task("b", dependencies=["a"])))
        set_level("INFO", actor="ana")

    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    moved = [line for line in lines if line["event"] == "ticket_moved_on"]
    assert [line["stage"] for line in moved if line["task_id"] == "b"][-1] == "COMPLETED"
    assert {(line["workflow_id"], line["attempt"]) for line in moved} == {(WORKFLOW, 1)}
    assert {line["level"] for line in moved} == {"debug"}
