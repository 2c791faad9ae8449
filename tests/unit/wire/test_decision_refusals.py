"""A decision that breaks its contract is refused with every reason at once."""

import json
from typing import Any

import pytest

from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.wire.decision_reader import read_decision
from tests.support.messages import as_json

IDS = {"decision_id": "d", "plan_id": "p", "intent_id": "i", "final_decision": "approve"}


def refusal_of(plan: object, **fields: object) -> InvalidInput:
    """Return the refusal of the decision of these fields about `plan`."""
    with pytest.raises(InvalidInput) as caught:
        read_decision(as_json({**IDS, "cognitive_plan": plan, **fields}))
    return caught.value


def finding_of(plan: object, **fields: object) -> Finding:
    """Return the one reason to refuse the decision of these fields about `plan`."""
    (finding,) = refusal_of(plan, **fields).findings
    return finding


def test_every_reason_is_told_at_once() -> None:
    """Mending one fault after the other takes a producer as many days as there are faults."""
    task: dict[str, Any] = {"task_type": 5, "estimated_duration_ms": -1, "parameters": [1]}
    error = refusal_of(
        {"risk_band": "huge", "tasks": [{"id": "a"}, "b", {"id": ""}, task]},
        plan_id="p\n",
        aggregated_risk=3,
        created_at="soon",
    )

    assert error.reason == "contract"
    assert {(finding.code, finding.where) for finding in error.findings} == {
        ("control_character", "plan_id"),
        ("out_of_range", "aggregated_risk"),
        ("wrong_type", "created_at"),
        ("unknown_word", "cognitive_plan.risk_band"),
        ("wrong_type", "cognitive_plan.tasks[1]"),
        ("wrong_length", "cognitive_plan.tasks[2].task_id"),
        ("missing_field", "cognitive_plan.tasks[3].task_id"),
        ("unknown_word", "cognitive_plan.tasks[3].task_type"),
        ("out_of_range", "cognitive_plan.tasks[3].estimated_duration_ms"),
        ("wrong_type", "cognitive_plan.tasks[3].parameters"),
    }
    assert {finding.severity for finding in error.findings} == {Severity.ERROR}


@pytest.mark.parametrize("name", IDS)
def test_what_must_be_said_is_missed(name: str) -> None:
    """Nothing could be derived from a decision without it."""
    finding = finding_of({"tasks": [], "plan_id": "p", "intent_id": "i"}, **{name: None})

    assert (finding.code, finding.where) == ("missing_field", name)
    assert finding.message == f"{name} is missing; it must be given"


@pytest.mark.parametrize(
    ("plan", "code"),
    [({}, "missing_field"), ({"tasks": None}, "missing_field"), ({"tasks": {}}, "wrong_type")],
)
def test_a_plan_without_a_list_of_tasks_is_none(plan: object, code: str) -> None:
    """An empty list says that there is nothing to do; no list says nothing."""
    finding = finding_of(plan)

    assert (finding.code, finding.where) == (code, "cognitive_plan.tasks")


@pytest.mark.parametrize("plan", [5, [], True, "5", "[1]"])
def test_a_plan_that_is_no_object_is_none(plan: object) -> None:
    """Whether as text or not."""
    finding = finding_of(plan)

    assert (finding.code, finding.where) == ("wrong_type", "cognitive_plan")


@pytest.mark.parametrize(
    ("text", "reason", "where"),
    [
        ("{", "not_json", "cognitive_plan"),
        ('{"tasks": [], "tasks": []}', "duplicate_key", "cognitive_plan"),
        ('{"tasks": [{"cost": NaN}]}', "not_a_number", "cognitive_plan.tasks[0].cost"),
        ("[" * 100_000, "nested_too_deeply", "cognitive_plan"),
    ],
)
def test_an_unreadable_plan_is_told_with_what_is_wrong_around_it(
    text: str, reason: str, where: str
) -> None:
    """The plan's text decides on the reason."""
    error = refusal_of(text, final_decision="perhaps")

    assert error.reason == reason
    assert [finding.where for finding in error.findings] == ["final_decision", where]


def test_a_message_says_what_is_allowed_and_what_was_sent() -> None:
    """It is read by the people who send the plans."""
    finding = finding_of({"tasks": []}, final_decision="perhaps")

    assert finding.message == (
        "final_decision must be one of 'approve', 'reject', 'review_required' or 'conditional'; "
        "it is 'perhaps'"
    )


def test_a_time_says_how_times_are_written() -> None:
    """Milliseconds or text, not seconds in a fraction."""
    finding = finding_of({"tasks": []}, valid_until="tomorrow")

    assert finding.message == (
        "valid_until must be a time: epoch milliseconds, or ISO-8601 text; it is 'tomorrow'"
    )


@pytest.mark.parametrize(
    "value", ["x" * 100_000, ["x" * 100_000], {"x" * 100_000: 1}, 10**900, "\n" * 1_000]
)
def test_no_message_repeats_more_than_a_little_of_what_was_sent(value: object) -> None:
    """Findings are logged, stored and shown; they must not become the attack."""
    finding = finding_of({"tasks": []}, schema_version=value)

    assert len(finding.message) < 200
    assert finding.message.isprintable()


def test_of_many_reasons_a_hundred_are_listed_and_the_rest_counted() -> None:
    """All of them would be larger than the message."""
    error = refusal_of({"tasks": [{}] * 5_000}, aggregated_risk=2)

    assert len(error.findings) == 101
    assert error.findings[0].where == "aggregated_risk"
    assert error.findings[99].where == "cognitive_plan.tasks[98].task_id"
    assert (error.findings[100].code, error.findings[100].message) == (
        "more_findings",
        "and 4,901 more of the kind",
    )


def test_after_a_hundred_thousand_reasons_no_more_are_looked_for() -> None:
    """A message of sixty megabytes could hold twenty million."""
    error = refusal_of({"tasks": [{}] * 110_000})

    assert error.findings[100].message.startswith("and at least 100,")


def test_a_list_is_refused_at_its_first_wrong_item() -> None:
    """A complaint about each of millions would take more memory than the machine has."""
    task = {"task_id": "a", "dependencies": ["b", 1, 2], "required_capabilities": [3, 4]}
    error = refusal_of({"tasks": [task], "execution_order": ["a", *range(50_000)]})

    assert [finding.where for finding in error.findings] == [
        "cognitive_plan.tasks[0].dependencies[1]",
        "cognitive_plan.tasks[0].required_capabilities[0]",
        "cognitive_plan.execution_order[1]",
    ]


def test_of_records_beside_the_tasks_there_are_not_endlessly_many() -> None:
    """Only tasks have a reason to be a hundred thousand."""
    factors = {str(number): number / 2 for number in range(10_001)}
    votes = [{"specialist_type": "s"}] * 10_001
    error = refusal_of({"tasks": [], "risk_factors": factors}, specialist_votes=votes)

    assert [(finding.code, finding.where) for finding in error.findings] == [
        ("wrong_length", "specialist_votes"),
        ("wrong_length", "cognitive_plan.risk_factors"),
    ]
    assert "at most 10,000 entries" in error.findings[0].message


def test_a_place_in_the_plan_is_counted_from_the_plans_beginning() -> None:
    """However the tasks are read in parts."""
    tasks: list[object] = [{"task_id": f"t{number}"} for number in range(3_000)]
    tasks[2_500] = {"task_id": "t", "dependencies": [{}]}

    finding = finding_of({"tasks": tasks})

    assert finding.where == "cognitive_plan.tasks[2500].dependencies[0]"


def test_a_key_of_the_senders_is_shown_shortened_and_printable() -> None:
    """A place is a path for people, not a copy of the message."""
    finding = finding_of({"tasks": [], "risk_factors": {"\x00" + "k" * 500: "much"}})

    assert finding.where.startswith("cognitive_plan.risk_factors.\\x00kkk")
    assert len(finding.where) < 100


def test_the_text_of_the_error_is_the_text_of_its_findings() -> None:
    """Whoever logs the exception alone loses nothing."""
    error = refusal_of({"tasks": []}, final_decision="perhaps")

    assert str(error).startswith("contract: final_decision must be one of")


def test_a_refusal_can_be_written_as_json() -> None:
    """It travels in the headers of the dead letter."""
    error = refusal_of({"tasks": [{"task_id": "\x00"}]})

    assert json.dumps([finding.message for finding in error.findings])
