"""What a model refuses, and what it leaves exactly as it is."""

import pytest
from pydantic import ValidationError

from orchestrator_dynamic.models.base import DURATION_MS_MAX, EPOCH_MS_MAX, LONG_MAX
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.ids import ID_LENGTH_MAX
from tests.support.messages import a_decision, a_plan, a_result, a_task, a_ticket, an_incident


@pytest.mark.parametrize("task_id", ["a", "Aufgabe ü/1", "任务", "x" * ID_LENGTH_MAX, " "])
def test_an_id_may_be_any_readable_text(task_id: str) -> None:
    """Ids are other people's; we only keep them short and printable."""
    assert a_task(task_id).task_id == task_id


@pytest.mark.parametrize(
    "task_id", ["", "x" * (ID_LENGTH_MAX + 1), "a\nb", "a\x00", "\x7f", "a\x85", 5, None]
)
def test_an_id_that_could_not_be_a_key_or_a_header_is_refused(task_id: object) -> None:
    """Control characters forge log lines and header values; an empty key names nothing."""
    with pytest.raises(ValidationError):
        TaskNode.model_validate({"task_id": task_id})


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), "much", None])
def test_a_probability_lies_between_zero_and_one(value: object) -> None:
    """Scores are computed from it, and NaN would poison every comparison."""
    with pytest.raises(ValidationError):
        a_decision(aggregated_risk=value)


@pytest.mark.parametrize("value", [0, 0.0, 1, 1.0, 0.5])
def test_a_probability_may_be_either_end(value: float) -> None:
    """Certainty is allowed."""
    assert a_decision(aggregated_risk=value).aggregated_risk == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_number_is_infinite(value: float) -> None:
    """JSON cannot carry it, so that it could be read and never written."""
    with pytest.raises(ValidationError):
        a_plan(complexity_score=value)
    with pytest.raises(ValidationError):
        a_plan(risk_factors={"size": value})


@pytest.mark.parametrize("value", [0, None, 1, DURATION_MS_MAX])
def test_a_duration_of_zero_is_not_an_unknown_one(value: int | None) -> None:
    """Zero says that it takes no time, null that nobody knows."""
    assert a_task(estimated_duration_ms=value).estimated_duration_ms == value


@pytest.mark.parametrize("value", [-1, DURATION_MS_MAX + 1, 1.5, "soon"])
def test_a_duration_that_no_clock_could_measure_is_refused(value: object) -> None:
    """Deadlines are sums of durations, and must fit the wire."""
    with pytest.raises(ValidationError):
        a_task(estimated_duration_ms=value)


def test_a_hundred_thousand_of_the_longest_tasks_in_a_row_still_fit_a_long() -> None:
    """The bound on a duration is there for the deadlines that are computed from it."""
    assert EPOCH_MS_MAX + 3 * DURATION_MS_MAX * 100_000 <= LONG_MAX


@pytest.mark.parametrize("value", [-1, EPOCH_MS_MAX + 1])
def test_a_time_that_no_calendar_knows_is_refused(value: int) -> None:
    """It could not be shown to anybody."""
    with pytest.raises(ValidationError):
        a_plan(created_at=value)


def test_what_a_newer_sender_adds_is_ignored() -> None:
    """New fields may be added at any time, by services that we do not own."""
    assert a_task(colour="red") == a_task()


def test_a_model_never_changes() -> None:
    """What has been validated stays valid, whoever holds it."""
    task = a_task()

    with pytest.raises(ValidationError, match="frozen"):
        setattr(task, "description", "another")  # noqa: B010 - The type checker knows it too.


def test_a_plan_may_be_nonsense_and_still_be_a_plan() -> None:
    """Cycles, duplicates and missing tasks are for the plan rules, which name them all at once."""
    plan = a_plan(
        a_task("a", dependencies=["b"]),
        a_task("b", dependencies=["a", "b", "nowhere"]),
        a_task("b"),
        execution_order=["z"],
        destructive_tasks=["y"],
        schema_version=99,
    )

    assert [task.task_id for task in plan.tasks] == ["a", "b", "b"]


def test_a_plan_may_have_no_tasks() -> None:
    """That it must have one is a rule, whose breach ends in an audit and not in a dead letter."""
    assert a_plan().model_copy(update={"tasks": ()}).tasks == ()


def test_what_the_contracts_give_a_default_has_it() -> None:
    """Old senders leave these out."""
    plan = a_plan()

    assert (plan.schema_version, plan.requires_approval, plan.is_destructive) == (1, False, False)
    assert a_decision().schema_version == 1
    assert a_result().schema_version == 1
    assert (a_ticket().schema_version, a_ticket().retry_count) == (1, 0)


def test_what_may_be_null_is_null_until_it_is_said() -> None:
    """Nothing is made up."""
    ticket, incident = a_ticket(), an_incident()

    assert (ticket.started_at, ticket.completed_at, ticket.error_message) == (None, None, None)
    assert (incident.escalation_required, incident.recommended_playbook) == (None, None)
