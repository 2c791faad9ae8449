"""The hash that tells a repeated decision from a conflicting one."""

import hashlib

import pytest
from hypothesis import given

from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.wire import json_text
from orchestrator_dynamic.wire.decision_reader import read_decision
from orchestrator_dynamic.wire.decision_writer import (
    content_hash,
    decision_object,
    kept_form,
    plan_text,
)
from orchestrator_dynamic.wire.message_writer import to_json
from tests.support.messages import NOON, a_decision, a_plan, a_task, as_json, decisions

DECISION = a_decision(
    a_plan(a_task("a"), a_task("b", parameters={"x": "1", "y": "2"})), trace_id="t"
)


@given(decisions)
def test_it_is_the_sha_256_of_the_canonical_object(decision: ConsolidatedDecision) -> None:
    """Anybody can work it out again, in any language."""
    record = decision_object(decision)
    del record["hash"]

    digest = hashlib.sha256(json_text.canonical(record).encode()).hexdigest()

    assert content_hash(decision) == digest


def test_it_does_not_depend_on_the_senders_own_hash() -> None:
    """That one says nothing which the rest does not say, and each sender has its own recipe."""
    assert content_hash(DECISION.model_copy(update={"hash": "0"})) == content_hash(DECISION)


@pytest.mark.parametrize(
    "other",
    [
        {"decision_id": "another"},
        {"final_decision": "reject"},
        {"trace_id": None},
        {"span_id": "s"},
        {"aggregated_risk": 0.1},
        {"metadata": {"a": "b"}},
        {"created_at": NOON + 1},
        {"cognitive_plan": a_plan(a_task("a"), a_task("b", parameters={"x": "1", "y": "3"}))},
        {"cognitive_plan": a_plan(a_task("b"), a_task("a"))},
    ],
)
def test_it_changes_with_anything_that_is_said(other: dict[str, object]) -> None:
    """The same id with other content is a conflict, however small the difference."""
    changed = ConsolidatedDecision.model_validate({**dict(DECISION), **other})

    assert content_hash(changed) != content_hash(DECISION)


def test_it_does_not_change_with_how_a_thing_is_said() -> None:
    """Order of keys, case, older names, times as text, numbers as text: all the same."""
    ids = {"decision_id": "d", "plan_id": "p", "intent_id": "i"}
    one = {
        **ids,
        "final_decision": "approve",
        "created_at": NOON,
        "cognitive_plan": {
            "original_priority": 9,
            "tasks": [{"task_id": "a", "task_type": "QUERY", "parameters": {"x": 1, "y": "2"}}],
        },
    }
    other = {
        "cognitivePlan": {
            "tasks": [{"parameters": {"y": "2", "x": "1"}, "type": "analyze", "id": "a"}],
            "priority": "critical",
            "planId": "p",
        },
        "createdAt": "2026-01-01T12:00:00",
        "finalDecision": "APPROVE",
        **dict(reversed(ids.items())),
    }

    first, second = (read_decision(as_json(document)).decision for document in (one, other))

    assert content_hash(first) == content_hash(second)


def test_the_kept_form_is_the_message_and_its_hash() -> None:
    """Whoever keeps a decision needs both, and works them out once."""
    assert kept_form(DECISION) == (to_json(DECISION), content_hash(DECISION))


def test_the_plan_travels_as_text() -> None:
    """The contract says so; the text is the same for the same plan."""
    record = decision_object(DECISION)

    assert record["cognitive_plan"] == plan_text(DECISION.cognitive_plan)
    assert json_text.read(plan_text(DECISION.cognitive_plan)) == (
        DECISION.cognitive_plan.model_dump(mode="json")
    )
