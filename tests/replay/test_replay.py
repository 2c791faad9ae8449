"""Workflows that an earlier version began go on under this one: recorded histories replay."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import NondeterminismError

from orchestrator_dynamic.ports.plan_workflows import Order, Turn, TurnReport
from orchestrator_dynamic.workflows.orchestration_workflow import OrchestrationWorkflow
from tests.support.temporal_stories import STORIES

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json.gz"))

# What the sandbox need not import anew; the workflows themselves it does import, so that a clock or
# chance in them is noticed.
_BESIDES = ("core", "errors", "models", "ports", "wire")
_PASSED_THROUGH = (
    *(f"orchestrator_dynamic.{room}" for room in _BESIDES),
    *("annotated_types", "orjson", "pydantic", "pydantic_core"),
)


def recorded(path: Path) -> WorkflowHistory:
    """Return what was recorded there."""
    text = gzip.decompress(path.read_bytes()).decode()
    return WorkflowHistory.from_json(f"orch-{path.stem}", text)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.name.partition(".")[0])
async def test_a_recorded_history_replays(path: Path) -> None:
    """Another command, or one fewer, would stop every plan of this kind that is under way."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH)
    replayer = Replayer(
        workflows=[OrchestrationWorkflow],
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        data_converter=pydantic_data_converter,
    )

    result = await replayer.replay_workflow(recorded(path), raise_on_replay_failure=False)

    assert result.replay_failure is None


def test_every_kind_of_plan_is_recorded() -> None:
    """A story without a history would be replayed by nobody."""
    kept = {path.name.rpartition("-")[0] for path in HISTORIES}

    assert kept == set(STORIES)
    assert len([path for path in HISTORIES if path.name.startswith("continued")]) > 1


def test_recorded_histories_are_small_and_say_what_the_server_can() -> None:
    """Without the flags that the SDK has written, a replay would overlook wrong commands."""
    for path in HISTORIES:
        history = recorded(path)
        completed = [
            event.workflow_task_completed_event_attributes
            for event in history.events
            if event.HasField("workflow_task_completed_event_attributes")
        ]
        assert path.stat().st_size < 64 * 1024, path.name
        assert any(one.sdk_metadata.core_used_flags for one in completed), path.name


@workflow.defn(name="OrchestrationWorkflow")
class _TakesAnotherActivity:
    """The workflow, if somebody had renamed its activity."""

    @workflow.run
    async def run(self, order: Order) -> str:
        turn = Turn(workflow=order.workflow, workflow_id=order.workflow_id, seq=0, told=order.told)
        report = await workflow.execute_local_activity(
            "take_another_turn",
            turn,
            result_type=TurnReport,
            start_to_close_timeout=timedelta(seconds=120),
            retry_policy=RetryPolicy(),
        )
        return report.outcome or ""


@workflow.defn(name="OrchestrationWorkflow")
class _SetsATimerFirst:
    """The workflow, if somebody had let it wait before its first turn."""

    @workflow.run
    async def run(self, order: Order) -> str:
        await workflow.sleep(1)
        return ""


@workflow.defn(name="OrchestrationWorkflow")
class _EndsAtOnce:
    """The workflow, if it forgot to take a turn."""

    @workflow.run
    async def run(self, order: Order) -> str:
        return "SUCCESS"


@pytest.mark.parametrize("other", [_TakesAnotherActivity, _SetsATimerFirst, _EndsAtOnce])
async def test_a_workflow_that_commands_otherwise_does_not_replay(other: type[object]) -> None:
    """A replay that accepts anything would prove nothing."""
    replayer = Replayer(
        workflows=[other],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
    )
    [chain] = [path for path in HISTORIES if path.name.startswith("chain")]

    result = await replayer.replay_workflow(recorded(chain), raise_on_replay_failure=False)

    assert isinstance(result.replay_failure, NondeterminismError)
