"""Whatever arrives is read or refused: nothing else ever gets out of a reader."""

import copy
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.wire import json_text
from orchestrator_dynamic.wire.approval_reader import read_approval
from orchestrator_dynamic.wire.decision_reader import ReadLimits, read_decision
from orchestrator_dynamic.wire.framing import framed
from orchestrator_dynamic.wire.message_reader import read_message
from orchestrator_dynamic.wire.message_writer import to_avro, to_json, to_wire
from orchestrator_dynamic.wire.result_reader import read_result
from orchestrator_dynamic.wire.ticket_reader import read_ticket
from tests.support.messages import a_decision, a_plan, a_result, a_task, as_json, numbers, texts

ALLOWED = ReadLimits(allow_direct_plans=True)


def reads_decision(data: bytes, headers: dict[str, bytes]) -> Message:
    """Return the decision in `data`, or the one that its plan stands for."""
    return read_decision(data, headers, limits=ALLOWED).decision


READERS: tuple[Callable[[bytes, dict[str, bytes]], Message], ...] = (
    reads_decision,
    read_result,
    read_ticket,
    read_approval,
    lambda data, headers: read_message(OrchestrationIncident, data, headers),
    lambda data, headers: read_message(TelemetryFrame, data, headers),
)
REASONS = {
    "empty",
    "too_large",
    "not_utf8",
    "not_json",
    "duplicate_key",
    "not_a_number",
    "nested_too_deeply",
    "unreadable_avro",
    "unknown_envelope",
    "direct_plan_refused",
    "contract",
}
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    numbers,
    texts,
    st.sampled_from(["", "\x00", "{}", "[]", "null", '"{}"', "9" * 30, "2026-01-01", "x" * 600]),
    st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400, 1e300, -0.0]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
some_headers = st.dictionaries(
    st.sampled_from(["__value_schema_id", "content-type", "plan-id", "decision"]),
    st.binary(max_size=20) | st.just(b"application/avro") | st.just(b"\x01" * 17),
    max_size=3,
)
DECISION = a_decision(
    a_plan(a_task("a", parameters={"k": "v"}), a_task("b", dependencies=["a"])),
    specialist_votes=[{"specialist_type": "s"}],
)
PLAN = DECISION.cognitive_plan.model_dump(mode="json")
DOCUMENT = {**to_wire(DECISION), "cognitive_plan": PLAN}


def read_or_refused(
    reader: Callable[[bytes, dict[str, bytes]], Message], data: bytes, headers: dict[str, bytes]
) -> str:
    """Return `read` or the reason of the refusal; what was read can be written again."""
    try:
        message = reader(data, headers)
    except InvalidInput as refusal:
        return refusal.reason
    to_json(message)
    return "read"


def replaced(document: object, value: object, chance: random.Random) -> object:
    """Return a copy of `document` in which `value` stands somewhere."""
    changed = copy.deepcopy(document)
    node: object = changed
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))  # type: ignore[arg-type]
        key = chance.choice(keys)
        child = node[key]  # type: ignore[index]
        if not isinstance(child, dict | list) or not child or chance.random() < 0.3:
            node[key] = value  # type: ignore[index]
            return changed
        node = child


@given(st.sampled_from(READERS), st.binary(), some_headers)
def test_any_bytes(
    reader: Callable[[bytes, dict[str, bytes]], Message], data: bytes, headers: dict[str, bytes]
) -> None:
    """They are what a misconfigured producer sends."""
    assert read_or_refused(reader, data, headers) in REASONS | {"read"}


@given(st.sampled_from(READERS), anything, st.booleans(), some_headers)
def test_any_json(
    reader: Callable[[bytes, dict[str, bytes]], Message],
    document: object,
    prefixed: bool,
    headers: dict[str, bytes],
) -> None:
    """Another team's topic may be connected by mistake."""
    data = json_text.canonical(document).encode()

    outcome = read_or_refused(reader, framed(1, data) if prefixed else data, headers)

    assert outcome in REASONS | {"read"}


@given(anything, st.randoms(use_true_random=False))
def test_a_decision_in_which_anything_stands_anywhere(value: object, chance: random.Random) -> None:
    """Most mistakes are one wrong value in a right message."""
    data = as_json(replaced(DOCUMENT, value, chance))

    assert read_or_refused(reads_decision, data, {}) in REASONS | {"read"}


@given(anything, st.randoms(use_true_random=False))
def test_a_plan_in_which_anything_stands_anywhere(value: object, chance: random.Random) -> None:
    """Alone, so that it is read by itself."""
    data = as_json(replaced(PLAN, value, chance))

    assert read_or_refused(reads_decision, data, {}) in REASONS | {"read"}


@given(anything, st.randoms(use_true_random=False))
def test_a_result_in_which_anything_stands_anywhere(value: object, chance: random.Random) -> None:
    """Workers are written by everybody."""
    data = as_json(replaced(to_wire(a_result(result={"logs": ["a"]})), value, chance))

    assert read_or_refused(read_result, data, {}) in REASONS | {"read"}


@pytest.mark.parametrize("body", [to_avro(DECISION), to_json(DECISION)], ids=["avro", "json"])
@given(data=st.data())
def test_a_decision_of_which_some_bytes_are_wrong(body: bytes, data: st.DataObject) -> None:
    """Disks and networks do this, seldom."""
    altered = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        altered[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(altered)[: data.draw(st.integers(0, len(body)))]

    assert read_or_refused(reads_decision, framed(1, cut), {}) in REASONS | {"read"}


@given(anything)
def test_what_was_read_is_read_the_same_again(value: object) -> None:
    """Reading settles every question of spelling, once."""
    document = {**DOCUMENT, "cognitive_plan": {**PLAN, "metadata": {"any": value}}}

    first = read_decision(as_json(document)).decision
    again: ConsolidatedDecision = read_decision(to_json(first)).decision

    assert again == first
