"""Avro bodies, and what happens where bytes and schema do not belong together."""

import io
import json

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import InvalidInput, InvariantViolation
from orchestrator_dynamic.wire import avro_codec, avro_schemas
from orchestrator_dynamic.wire.message_writer import to_avro, to_wire
from tests.support.messages import NOON, a_result, an_incident

RESULT = avro_schemas.EXECUTION_RESULT
INCIDENT = avro_schemas.ORCHESTRATION_INCIDENT


def refused(body: bytes, writer_schema: avro_schemas.Schema | None = None) -> InvalidInput:
    """Return the refusal of `body` as a result."""
    with pytest.raises(InvalidInput) as caught:
        avro_codec.decode(body, RESULT, writer_schema)
    return caught.value


def test_a_record_is_read_as_it_was_written() -> None:
    """Without a registry both sides use the schema of the contract."""
    result = a_result(actual_duration_ms=0)

    assert avro_codec.decode(to_avro(result), RESULT) == to_wire(result)


def test_other_libraries_read_what_we_write() -> None:
    """They know nothing of us but the schema's text."""
    schema = json.loads(avro_schemas.text(RESULT))

    record = fastavro.schemaless_reader(io.BytesIO(to_avro(a_result())), schema, None)

    assert record == to_wire(a_result())


def test_times_stay_numbers() -> None:
    """Milliseconds are what both the wire and we count in."""
    record = avro_codec.decode(to_avro(an_incident(created_at=NOON)), INCIDENT)

    assert isinstance(record, dict)
    assert record["created_at"] == NOON


def test_a_cut_body_is_refused_whatever_the_cut() -> None:
    """No part of a message is the message."""
    body = to_avro(a_result(error_message="none"))

    for length in range(len(body)):
        assert refused(body[:length]).reason == "unreadable_avro"


def test_bytes_that_are_left_over_are_refused() -> None:
    """They show that it was written with another schema, however well it could be read."""
    error = refused(to_avro(a_result()) + b"\x00\x00")

    assert error.reason == "unreadable_avro"
    assert "2 bytes are left over" in error.findings[0].message


def test_the_writers_schema_decides_how_it_is_read() -> None:
    """Producers move to new versions before we do."""
    writer = {
        "type": "record",
        "name": "Newer",
        "fields": [
            {"name": "colour", "type": "string"},
            {"name": "seen_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        ],
    }
    written = io.BytesIO()
    fastavro.schemaless_writer(written, writer, {"colour": "red", "seen_at": NOON})

    for _ in range(2):
        record = avro_codec.decode(written.getvalue(), RESULT, writer)

        assert record == {"colour": "red", "seen_at": NOON}


def test_a_parsed_schema_serves_as_well_as_its_text() -> None:
    """Clients of the registry hand out either."""
    writer = fastavro.parse_schema(json.loads(avro_schemas.text(INCIDENT)))
    assert isinstance(writer, dict)

    record = avro_codec.decode(to_avro(an_incident(created_at=NOON)), INCIDENT, writer)

    assert isinstance(record, dict)
    assert record["created_at"] == NOON


@pytest.mark.parametrize(
    "writer", [{}, {"type": "nonsense"}, {"type": "record"}, {"type": "record", "name": "A"}]
)
def test_a_schema_that_is_none_is_refused(writer: avro_schemas.Schema) -> None:
    """The registry can hold what fastavro cannot parse."""
    assert refused(b"\x00", writer).reason == "unreadable_avro"


def test_the_schemas_of_many_versions_are_kept_apart() -> None:
    """More than are kept ready do no harm."""
    for version in range(200):
        writer = {
            "type": "record",
            "name": "R",
            "fields": [{"name": f"field_{version}", "type": "int"}],
        }

        assert avro_codec.decode(b"\x02", RESULT, writer) == {f"field_{version}": 1}


def test_writing_what_the_contract_does_not_know_is_our_own_mistake() -> None:
    """It stops the plan rather than the message."""
    with pytest.raises(InvariantViolation):
        avro_codec.encode({"ticket_id": "a", "status": "PREEMPTED"}, RESULT)


@given(st.sampled_from(avro_schemas.NAMES), st.binary())
def test_random_bytes_are_read_or_refused(name: str, body: bytes) -> None:
    """Nothing that fastavro raises gets through."""
    try:
        avro_codec.decode(body, name)
    except InvalidInput as error:
        reasons = {finding.code for finding in error.findings} | {error.reason}
    else:
        reasons = {"unreadable_avro"}

    assert reasons == {"unreadable_avro"}
