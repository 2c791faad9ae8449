"""What surrounds a message, told from its first byte and its headers."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.wire.framing import framed, header, unframed

GUID = "89791762-2336-4186-9674-299b90a802e2"
GUID_BYTES = uuid.UUID(GUID).bytes


def test_a_prefix_is_a_zero_and_a_schema_id_of_four_bytes() -> None:
    """The id is big endian, as the registry's clients everywhere write it."""
    frame = unframed(b"\x00\x00\x00\x01\x02body")

    assert (frame.schema_id, frame.body) == (258, b"body")
    assert frame.prefixed
    assert frame.avro


def test_anything_else_is_json() -> None:
    """The decision is made for each message: producers differ within one topic."""
    frame = unframed(b'{"a": 1}')

    assert (frame.schema_id, frame.body) == (None, b'{"a": 1}')
    assert not frame.prefixed
    assert not frame.avro


@given(st.integers(0, 2**32 - 1), st.binary(min_size=1))
def test_what_was_framed_is_unframed(schema_id: int, body: bytes) -> None:
    """Whatever the body begins with."""
    frame = unframed(framed(schema_id, body))

    assert (frame.schema_id, frame.body) == (schema_id, body)


@pytest.mark.parametrize(
    "value", [GUID.encode(), GUID.upper().encode(), GUID_BYTES, b"\x01" + GUID_BYTES]
)
@pytest.mark.parametrize("name", ["__value_schema_id", "__VALUE_Schema_Id"])
def test_a_schema_may_be_named_in_a_header(name: str, value: bytes) -> None:
    """Then the body is bare Avro; clients write the GUID as bytes or as text."""
    frame = unframed(b"\x10decision", {"other": b"", name: value})

    assert (frame.schema_guid, frame.body, frame.avro) == (GUID, b"\x10decision", True)
    assert not frame.prefixed


def test_a_prefix_is_taken_off_even_where_a_header_names_the_schema() -> None:
    """No body of ours begins with a zero: it would have an empty id."""
    frame = unframed(b"\x00\x00\x00\x00\x07body", {"__value_schema_id": GUID_BYTES})

    assert (frame.schema_id, frame.schema_guid, frame.body) == (7, GUID, b"body")


@pytest.mark.parametrize("value", [b"", b"7", b"\x02" + GUID_BYTES, b"\xff" * 36])
def test_a_header_without_a_guid_is_refused(value: bytes) -> None:
    """Guessing a schema would misread the body silently."""
    with pytest.raises(InvalidInput) as caught:
        unframed(b"body", {"__value_schema_id": value})

    assert caught.value.reason == "unreadable_avro"
    assert caught.value.findings[0].where == "headers"


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x00\x00\x00\x01"])
def test_a_prefix_with_nothing_after_it_is_refused(data: bytes) -> None:
    """It is a message that was cut."""
    with pytest.raises(InvalidInput) as caught:
        unframed(data)

    assert caught.value.reason == "unreadable_avro"


def test_no_bytes_are_refused_as_empty() -> None:
    """A tombstone is not a document."""
    with pytest.raises(InvalidInput) as caught:
        unframed(b"")

    assert caught.value.reason == "empty"


def test_a_content_type_may_announce_avro() -> None:
    """Approvals come so, without prefix or schema."""
    assert unframed(b"body", {"Content-Type": b"application/avro"}).avro
    assert not unframed(b"body", {"Content-Type": b"application/json"}).avro


def test_headers_are_found_in_whatever_case() -> None:
    """Client libraries differ in how they spell them."""
    assert header({"Plan-ID": b"p"}, "plan-id") == b"p"
    assert header({"plan": b"p"}, "plan-id") is None
    assert header(None, "plan-id") is None
