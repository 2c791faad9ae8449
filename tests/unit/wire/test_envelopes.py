"""The seven ways in which a decision is packed, and that they make no difference."""

import json
import uuid

import pytest
from hypothesis import given

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.wire import avro_schemas
from orchestrator_dynamic.wire.decision_reader import ReadDecision, ReadLimits, read_decision
from orchestrator_dynamic.wire.decision_writer import content_hash
from orchestrator_dynamic.wire.framing import framed
from orchestrator_dynamic.wire.message_writer import to_avro, to_json, to_wire
from tests.support.messages import a_decision, a_plan, a_task, as_json, decisions

DECISION = a_decision(
    a_plan(a_task("a"), a_task("b", dependencies=["a"], parameters={"n": "1"})), hash="abc"
)
DOCUMENT = to_wire(DECISION)
PLAN = json.loads(str(DOCUMENT["cognitive_plan"]))


def packed(decision: ConsolidatedDecision) -> dict[str, bytes]:
    """Return `decision` in every envelope that holds one, by the envelope's name."""
    document = to_wire(decision)
    plan = json.loads(str(document["cognitive_plan"]))
    return {
        "avro": to_avro(decision, schema_id=7),
        "json": to_json(decision),
        "framed_json": framed(7, to_json(decision)),
        "plan_object": as_json({**document, "cognitive_plan": plan}),
        "nested_plan": as_json({**document, "cognitive_plan": {"cognitive_plan": plan}}),
        "json_in_json": as_json(to_json(decision).decode()),
    }


def refusal_of(data: bytes, limits: ReadLimits | None = None) -> InvalidInput:
    """Return the refusal of `data`."""
    with pytest.raises(InvalidInput) as caught:
        read_decision(data, limits=limits or ReadLimits())
    return caught.value


@pytest.mark.parametrize(("envelope", "data"), packed(DECISION).items())
def test_a_decision_is_read_out_of_each_envelope(envelope: str, data: bytes) -> None:
    """Producers of several generations write to one topic."""
    read = read_decision(data)

    assert read == ReadDecision(
        decision=DECISION, warnings=(), envelope=envelope, direct_plan=False
    )


@given(decisions)
def test_any_decision_is_the_same_in_every_envelope(decision: ConsolidatedDecision) -> None:
    """The second copy of a decision is a duplicate, however it is packed."""
    read = [read_decision(data).decision for data in packed(decision).values()]

    assert read == [decision] * 6
    assert {content_hash(copy) for copy in read} == {content_hash(decision)}


@pytest.mark.parametrize(
    "value", [uuid.UUID(int=7).bytes, b"\x01" + uuid.UUID(int=7).bytes, str(uuid.UUID(int=7))]
)
def test_avro_may_come_without_a_prefix_where_a_header_names_its_schema(value: bytes | str) -> None:
    """Newer producers leave the value untouched by the framing."""
    header = value.encode() if isinstance(value, str) else value

    read = read_decision(to_avro(DECISION), {"__Value_Schema_Id": header})

    assert (read.decision, read.envelope) == (DECISION, "avro")


def test_json_is_json_whatever_the_header_says() -> None:
    """No decision begins with a brace in Avro."""
    header = {"__value_schema_id": uuid.UUID(int=7).bytes}

    assert read_decision(to_json(DECISION), header).decision == DECISION


@pytest.mark.parametrize("length", [5, 10, 16, 17, 123])
def test_avro_that_begins_like_json_is_read_as_avro(length: int) -> None:
    """An id of 17 characters begins with a quotation mark, of 16 with a blank."""
    decision = a_decision(decision_id="{" + "d" * (length - 1))

    assert read_decision(to_avro(decision, schema_id=1)).decision == decision


def test_json_text_after_the_prefix_may_hold_json_text() -> None:
    """Two habits of one producer."""
    read = read_decision(framed(7, as_json(to_json(DECISION).decode())))

    assert (read.decision, read.envelope) == (DECISION, "framed_json")


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        json.dumps(PLAN),
        json.dumps(json.dumps(PLAN)),
        {"cognitive_plan": PLAN},
        {"cognitivePlan": json.dumps(PLAN)},
        json.dumps({"cognitive_plan": PLAN}),
        json.dumps({"cognitive_plan": json.dumps(PLAN)}),
        {"plan_id": "other", "cognitive_plan": {"cognitive_plan": PLAN}},
        {**PLAN, "cognitive_plan": {"plan_id": "other", "tasks": []}},
    ],
)
def test_a_plan_is_found_in_whatever_it_is_wrapped(plan: object) -> None:
    """Text and nesting may alternate."""
    assert read_decision(as_json({**DOCUMENT, "cognitive_plan": plan})).decision == DECISION


def test_a_decision_with_the_writers_schema_is_read_after_it() -> None:
    """The registry knows a producer's version better than we do."""
    writer = json.loads(avro_schemas.text("consolidated-decision"))
    writer["fields"].append({"name": "colour", "type": "string"})
    body = to_avro(DECISION, schema_id=9) + b"\x06red"

    assert read_decision(body, writer_schema=writer).decision == DECISION
    assert refusal_of(body).reason == "unreadable_avro"


@pytest.mark.parametrize(
    "document",
    [None, 5, [], [DOCUMENT], {}, {"a": 1}, {"plan_id": "p"}, {"plan": PLAN}, "[]", "5"],
)
def test_anything_else_is_an_unknown_envelope(document: object) -> None:
    """It goes to the dead letters, where a person sees what it is."""
    assert refusal_of(as_json(document)).reason == "unknown_envelope"


def test_text_of_text_of_text_without_end_is_refused() -> None:
    """Nobody means it, and each layer costs more than the last."""
    data = to_json(DECISION)
    for _ in range(3):
        data = as_json(data.decode())

    assert read_decision(data).decision == DECISION
    assert refusal_of(as_json(data.decode())).reason == "unknown_envelope"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"  ", "empty"),
        (b'""', "empty"),
        (b"decision", "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (b'{"decision_id": "a", "decision_id": "b"}', "duplicate_key"),
        (b'{"decision_id": NaN}', "not_a_number"),
        (b'{"decision_id": ' + b"[" * 100_000, "nested_too_deeply"),
        (b"\x00\x00\x00\x00\x01", "unreadable_avro"),
        (b"\x00\x00\x00\x00\x01decision", "unreadable_avro"),
        (b"\x00\x00\x00\x00\x01{", "unreadable_avro"),
        (b'\x00\x00\x00\x00\x01{"a": 1, "a": 2}', "duplicate_key"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    """The reason is for programs: dashboards count by it."""
    assert refusal_of(data).reason == reason


def test_a_message_beyond_the_bound_is_not_even_looked_at() -> None:
    """Reading it would take memory that others need."""
    data = to_json(DECISION)

    assert read_decision(data, limits=ReadLimits(plan_bytes_max=len(data))).decision == DECISION
    assert refusal_of(data, ReadLimits(plan_bytes_max=len(data) - 1)).reason == "too_large"


def test_the_bound_on_depth_holds_for_the_plans_text_too() -> None:
    """Text hides its nesting from whoever looks at the outside only."""
    plan = {**PLAN, "metadata": {"deep": [[[[1]]]]}}
    data = as_json({**DOCUMENT, "cognitive_plan": json.dumps(plan)})

    error = refusal_of(data, ReadLimits(depth_max=5))

    assert (error.reason, error.findings[-1].where) == (
        "nested_too_deeply",
        "cognitive_plan.metadata.deep[0][0][0]",
    )
