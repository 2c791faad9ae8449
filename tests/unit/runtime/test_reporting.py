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
from orchestrator_dynamic.observability.logging import configure_logging
from orchestrator_dynamic.sdk import PermanentFailure
from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.engines import a_worker, an_engine, run_to_end
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
