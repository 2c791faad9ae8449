"""What producers get wrong, or did differently once, and is read all the same."""

import json
from typing import Any

import pytest

from orchestrator_dynamic.errors import Severity
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan, TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.vocabulary import (
    CognitiveDomain,
    DecisionType,
    Priority,
    RiskBand,
    SecurityLevel,
    TaskType,
)
from orchestrator_dynamic.wire.decision_reader import ReadDecision, read_decision
from orchestrator_dynamic.wire.decision_writer import content_hash
from orchestrator_dynamic.wire.message_writer import to_wire
from tests.support.messages import NOON, a_decision, a_plan, a_task, as_json

IDS = {"decision_id": "d", "plan_id": "p", "intent_id": "i", "final_decision": "approve"}


def read(plan: object, **fields: object) -> ReadDecision:
    """Return the decision of these fields about `plan`."""
    return read_decision(as_json({**IDS, "cognitive_plan": plan, **fields}))


def read_plan(**fields: object) -> CognitivePlan:
    """Return a plan of these fields after it was sent."""
    return read({"tasks": [], **fields}).decision.cognitive_plan


def read_task(**fields: object) -> TaskNode:
    """Return a task of these fields after it was sent."""
    plan: Any = {"tasks": [{"task_id": "a", "task_type": "QUERY", **fields}]}
    return read(plan).decision.cognitive_plan.tasks[0]


def test_ids_and_tasks_are_all_that_must_be_said() -> None:
    """What else is missing has a default that claims nothing."""
    decision = read({"tasks": [{"task_id": "a", "task_type": "QUERY"}]}).decision

    assert decision == ConsolidatedDecision.model_validate(
        {
            **IDS,
            "cognitive_plan": {
                "plan_id": "p",
                "intent_id": "i",
                "tasks": [{"task_id": "a", "task_type": "QUERY"}],
            },
        }
    )


def test_a_plan_takes_its_ids_and_its_time_from_the_decision() -> None:
    """They are the same by definition, where it does not say so itself."""
    own = read({"tasks": [], "plan_id": "q", "created_at": 5}, created_at=NOON).decision
    inherited = read({"tasks": []}, created_at=NOON).decision

    assert (own.cognitive_plan.plan_id, own.cognitive_plan.created_at) == ("q", 5)
    assert inherited.cognitive_plan.plan_id == "p"
    assert inherited.cognitive_plan.intent_id == "i"
    assert inherited.cognitive_plan.created_at == NOON


def test_a_decision_without_a_time_has_its_plans() -> None:
    """A decision is no younger than what it decides on."""
    assert read({"tasks": [], "created_at": NOON}).decision.created_at == NOON
    assert read({"tasks": [], "created_at": NOON}, created_at=0).decision.created_at == 0


@pytest.mark.parametrize("plan", [None, "", "  "])
def test_a_decision_may_come_without_a_plan(plan: object) -> None:
    """A rejection needs none; that an approval does is for the plan rules to say."""
    result = read(plan, final_decision="reject")

    assert result.decision.cognitive_plan.tasks == ()
    assert [(finding.code, finding.severity) for finding in result.warnings] == [
        ("no_plan", Severity.WARNING)
    ]


def test_every_name_may_be_in_camel_case() -> None:
    """Some producers are written in other languages; what they name in their maps is theirs."""
    document = to_wire(
        a_decision(
            a_plan(
                a_task("a", metadata={"my_key": "1", "myKey": "2"}, estimated_duration_ms=5),
                execution_order=["a"],
                risk_factors={"my_size": 1.0},
            ),
            specialist_votes=[{"specialist_type": "s", "opinion_id": "o", "weight": 0.5}],
            compliance_checks={"is_safe": True},
        )
    )
    plan = json.loads(str(document["cognitive_plan"]))
    plan["tasks"] = [in_camel_case(task) for task in plan["tasks"]]
    sent = in_camel_case({**document, "cognitive_plan": in_camel_case(plan)})
    sent["specialistVotes"] = [in_camel_case(vote) for vote in sent["specialistVotes"]]
    sent["consensusMetrics"] = in_camel_case(sent["consensusMetrics"])

    assert read_decision(as_json(sent)).decision == read_decision(as_json(document)).decision


def in_camel_case(record: dict[str, Any]) -> dict[str, Any]:
    """Return `record` with its own names in camelCase."""
    return {name[0] + name.title().replace("_", "")[1:]: value for name, value in record.items()}


@pytest.mark.parametrize(
    "task",
    [
        {"id": "a", "type": "query", "capabilities": ["gpu"]},
        {"taskId": "a", "taskType": "QUERY", "requiredCapabilities": ["gpu"]},
        {"task_id": "a", "task_type": "analyze", "required_capabilities": ["gpu"]},
        {"task_id": "a", "id": "b", "task_type": "QUERY", "type": "BUILD", "capabilities": ["gpu"]},
        {"task_id": None, "id": "a", "task_type": None, "type": "Query", "capabilities": ["gpu"]},
    ],
)
def test_a_task_may_use_older_names(task: dict[str, object]) -> None:
    """Our own name counts before all others, unless it is null."""
    plan = read({"tasks": [task]}).decision.cognitive_plan

    assert plan.tasks == (a_task("a", task_type="QUERY", required_capabilities=["gpu"]),)


@pytest.mark.parametrize(
    ("fields", "priority", "level"),
    [
        ({}, Priority.NORMAL, SecurityLevel.INTERNAL),
        ({"priority": 9, "security_level": "public"}, Priority.CRITICAL, SecurityLevel.PUBLIC),
        ({"priority": "2", "securityLevel": "Public"}, Priority.LOW, SecurityLevel.PUBLIC),
        (
            {"original_priority": "high", "originalSecurityLevel": "RESTRICTED"},
            Priority.HIGH,
            SecurityLevel.RESTRICTED,
        ),
        ({"original_priority": "low", "priority": 9}, Priority.LOW, SecurityLevel.INTERNAL),
    ],
)
def test_a_plan_may_use_older_names(
    fields: dict[str, object], priority: Priority, level: SecurityLevel
) -> None:
    """Planners of before called them so, and counted from one to ten."""
    plan = read_plan(**fields)

    assert (plan.original_priority, plan.original_security_level) == (priority, level)


def test_a_word_of_an_enumeration_may_be_in_any_case() -> None:
    """Contracts are not agreed on which case is theirs."""
    result = read(
        {"tasks": [], "risk_band": "HIGH", "original_domain": "technical"},
        final_decision="Review_Required",
    )

    assert result.decision.final_decision is DecisionType.REVIEW_REQUIRED
    assert result.decision.cognitive_plan.risk_band is RiskBand.HIGH
    assert result.decision.cognitive_plan.original_domain is CognitiveDomain.TECHNICAL


def test_an_unknown_task_type_is_executed_and_told() -> None:
    """The audit shows that somebody has invented a word."""
    result = read({"tasks": [{"task_id": "a", "task_type": "dance"}, {"task_id": "b"}]})

    assert [task.task_type for task in result.decision.cognitive_plan.tasks] == [
        TaskType.EXECUTE
    ] * 2
    assert [(finding.code, finding.where) for finding in result.warnings] == [
        ("unknown_task_type", "cognitive_plan.tasks[0].task_type"),
        ("missing_task_type", "cognitive_plan.tasks[1].task_type"),
    ]
    assert "'dance'" in result.warnings[0].message
    assert {finding.severity for finding in result.warnings} == {Severity.WARNING}


def test_a_task_without_a_type_is_told_among_tasks_that_have_one() -> None:
    """Nothing else need be odd about the plan; the place is counted from its beginning."""
    tasks = [{"task_id": f"t{number}", "task_type": "QUERY"} for number in range(3_000)]
    del tasks[2_500]["task_type"]

    (warning,) = read({"tasks": tasks}).warnings

    assert (warning.code, warning.where) == (
        "missing_task_type",
        "cognitive_plan.tasks[2500].task_type",
    )


def test_of_many_warnings_a_hundred_are_listed_and_the_rest_counted() -> None:
    """A plan of a hundred thousand tasks must not fill the audit."""
    tasks = [{"task_id": f"t{number}", "task_type": "dance"} for number in range(3_000)]

    warnings = read({"tasks": tasks}).warnings

    assert len(warnings) == 101
    assert (warnings[-1].code, warnings[-1].message) == (
        "more_findings",
        "and 2,900 more of the kind",
    )


def test_values_of_maps_become_text() -> None:
    """Workers read text; numbers, truth and nesting are kept as JSON."""
    sent = {"text": "1", "number": 1, "half": 0.5, "yes": True, "none": None, "deep": {"b": [1]}}
    kept = {
        "text": "1",
        "number": "1",
        "half": "0.5",
        "yes": "true",
        "none": "null",
        "deep": '{"b":[1]}',
    }

    assert read_task(parameters=sent, metadata=sent).parameters == kept
    assert read_task(parameters=sent, metadata=sent).metadata == kept
    assert read_plan(metadata=sent).metadata == kept
    assert read({"tasks": []}, metadata=sent).decision.metadata == kept


@pytest.mark.parametrize(("sent", "kept"), [(0, 0), (None, None), (5.0, 5), ("7", 7)])
def test_a_duration_of_zero_stays_zero_and_null_stays_null(sent: object, kept: int | None) -> None:
    """They mean different things to whoever sets the deadline."""
    assert read_task(estimated_duration_ms=sent).estimated_duration_ms == kept


def test_null_means_that_nothing_was_said() -> None:
    """Serialisers write null for what they do not have."""
    names = set(CognitivePlan.model_fields) - {"tasks"}

    assert read_plan(**dict.fromkeys(names)) == read_plan()
    assert read_task(dependencies=None, parameters=None, description=None) == read_task()


def test_times_may_be_text() -> None:
    """Without a zone they are UTC."""
    decision = read(
        {"tasks": [], "created_at": "2026-01-01T12:00:00", "approved_at": "2026-01-01T12:00Z"},
        created_at="2026-01-01T13:00:00+01:00",
        valid_until=None,
    ).decision

    assert decision.created_at == NOON
    assert decision.cognitive_plan.created_at == NOON
    assert decision.cognitive_plan.approved_at == NOON


def test_the_version_of_a_schema_may_be_text() -> None:
    """Which versions we know is for the plan rules to say."""
    assert read_plan(schema_version="1.0.0").schema_version == 1
    assert read({"tasks": []}, schema_version="99").decision.schema_version == 99


@pytest.mark.parametrize(
    "tasks",
    [
        [],
        [{"id": "a", "dependencies": ["a"]}],
        [{"id": "a"}, {"id": "a"}],
        [{"id": "a", "dependencies": ["nowhere"]}],
    ],
)
def test_what_the_plan_rules_judge_is_read(tasks: list[dict[str, object]]) -> None:
    """They name every breach, audit it, and ask for the plan again; a dead letter does not."""
    result = read({"tasks": tasks, "plan_id": "another", "valid_until": 1}, valid_until=1)

    assert len(result.decision.cognitive_plan.tasks) == len(tasks)


@pytest.mark.parametrize("position", [0, 1_023, 1_024, 2_500])
def test_one_odd_task_among_many_changes_nothing_about_the_others(position: int) -> None:
    """The quick way and the thorough one read the same tasks the same."""
    plain = [
        {"task_id": f"t{number}", "task_type": "QUERY", "dependencies": [f"t{number // 2}"]}
        for number in range(3_000)
    ]
    odd = list(plain)
    odd[position] = {"id": f"t{position}", "type": "query", "dependencies": [f"t{position // 2}"]}

    read_plain, read_odd = read({"tasks": plain}).decision, read({"tasks": odd}).decision

    assert read_odd == read_plain
    assert content_hash(read_odd) == content_hash(read_plain)
    assert len(read_odd.cognitive_plan.tasks) == 3_000
