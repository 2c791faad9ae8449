"""Plans that come without a decision."""

import json
from typing import Any

import pytest

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.vocabulary import DecisionType
from orchestrator_dynamic.wire.decision_reader import ReadLimits, read_decision
from orchestrator_dynamic.wire.decision_writer import content_hash
from orchestrator_dynamic.wire.plan_reader import read_plan_alone
from tests.support.messages import NOON, a_plan, a_task, as_json

ALLOWED = ReadLimits(allow_direct_plans=True)
PLAN = a_plan(
    a_task("a"), risk_score=0.5, created_at=NOON, valid_until=NOON + 1, correlation_id="c"
)


def a_document(**fields: object) -> dict[str, Any]:
    """Return a plan as it is sent."""
    return {**PLAN.model_dump(mode="json"), **fields}


def refusal_of(document: object, limits: ReadLimits = ALLOWED) -> InvalidInput:
    """Return the refusal of `document`."""
    with pytest.raises(InvalidInput) as caught:
        read_decision(as_json(document), limits=limits)
    return caught.value


def test_a_plan_alone_is_refused_unless_it_is_allowed() -> None:
    """Nobody has agreed to it."""
    assert refusal_of(a_document(), ReadLimits()).reason == "direct_plan_refused"


def test_a_plan_alone_stands_for_its_approval() -> None:
    """Everything that a decision would repeat is taken from the plan."""
    read = read_decision(as_json(a_document()), limits=ALLOWED)

    decision = read.decision
    assert (read.envelope, read.direct_plan) == ("direct_plan", True)
    assert decision.decision_id == "direct-plan-1"
    assert decision.final_decision is DecisionType.APPROVE
    assert decision.cognitive_plan == PLAN
    assert (decision.plan_id, decision.intent_id) == ("plan-1", "intent-1")
    assert (decision.aggregated_risk, decision.correlation_id) == (0.5, "c")
    assert (decision.created_at, decision.valid_until) == (NOON, NOON + 1)


def test_the_same_plan_makes_the_same_decision() -> None:
    """Sent again it is a duplicate, not a second run."""
    first = read_decision(as_json(a_document()), limits=ALLOWED).decision
    second = read_decision(as_json(json.dumps(a_document())), limits=ALLOWED).decision

    assert (first, content_hash(first)) == (second, content_hash(second))


@pytest.mark.parametrize("name", ["requires_approval", "is_destructive", "isDestructive"])
def test_a_plan_that_a_person_must_see_needs_a_decision(name: str) -> None:
    """Sending it alone must not be a way around the approval."""
    document = a_document()
    del document["is_destructive"]

    error = refusal_of({**document, name: True})

    assert error.reason == "direct_plan_refused"
    assert error.findings[0].where in ("requires_approval", "is_destructive")


def test_both_reasons_to_hold_a_plan_back_are_told() -> None:
    """All at once, as always."""
    error = refusal_of(a_document(requires_approval=True, is_destructive=True))

    assert [finding.where for finding in error.findings] == ["requires_approval", "is_destructive"]


def test_a_plan_alone_must_name_itself() -> None:
    """There is no decision to inherit from."""
    error = refusal_of({"tasks": [{"id": "a", "type": "query"}, {"type": "query"}]})

    assert error.reason == "contract"
    assert {finding.where for finding in error.findings} == {
        "plan_id",
        "intent_id",
        "tasks[1].task_id",
    }


def test_a_plan_whose_id_leaves_no_room_for_the_decisions_is_refused() -> None:
    """The derived id has the same bound as every other."""
    error = refusal_of(a_document(plan_id="p" * 512))

    assert (error.reason, error.findings[0].where) == ("contract", "decision_id")


@pytest.mark.parametrize("document", [a_document(), {"cognitive_plan": json.dumps(a_document())}])
def test_a_plan_may_be_looked_at_without_being_run(document: object) -> None:
    """A dry run asks nobody's approval, so that the switch does not concern it."""
    assert read_plan_alone(as_json(document)).plan == PLAN


def test_looking_at_a_plan_tells_what_is_odd_and_what_is_wrong() -> None:
    """That is what a dry run is for."""
    odd = read_plan_alone(as_json(a_document(tasks=[{"id": "a", "type": "dance"}])))
    with pytest.raises(InvalidInput) as caught:
        read_plan_alone(as_json(a_document(tasks=[{}])))

    assert [finding.code for finding in odd.warnings] == ["unknown_task_type"]
    assert caught.value.findings[0].where == "tasks[0].task_id"
