"""Plans of real runs, of five to two thousand tasks, are read without a word."""

import json
from pathlib import Path

import pytest

from orchestrator_dynamic.wire.decision_reader import read_decision
from orchestrator_dynamic.wire.decision_writer import content_hash
from orchestrator_dynamic.wire.message_writer import to_avro, to_json
from tests.support.messages import RECORDED_PLANS, as_json

FILES = sorted(RECORDED_PLANS.glob("*.json"))

pytestmark = pytest.mark.skipif(not FILES, reason="no recorded plans in ../shared/data/plans")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_plan_is_read_whole(file: Path) -> None:
    """Every task and every dependency arrives, in every envelope."""
    document = json.loads(file.read_bytes())
    sent = json.loads(document["cognitive_plan"])["tasks"]

    read = read_decision(file.read_bytes())

    tasks = read.decision.cognitive_plan.tasks
    assert read.warnings == ()
    assert [task.task_id for task in tasks] == [task["task_id"] for task in sent]
    assert [list(task.dependencies) for task in tasks] == [task["dependencies"] for task in sent]
    assert [task.estimated_duration_ms for task in tasks] == [
        task["estimated_duration_ms"] for task in sent
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recorded_plan_is_the_same_in_every_envelope(file: Path) -> None:
    """The size makes no difference."""
    document = json.loads(file.read_bytes())
    as_object = {**document, "cognitive_plan": json.loads(document["cognitive_plan"])}
    decision = read_decision(file.read_bytes()).decision

    others = (to_json(decision), to_avro(decision, schema_id=1), as_json(as_object))

    for other in others:
        copy = read_decision(other).decision
        assert copy == decision
        assert content_hash(copy) == content_hash(decision)


def test_there_are_ten() -> None:
    """A missing file would let its tests vanish silently."""
    assert len(FILES) == 10
