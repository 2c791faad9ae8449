"""Where the schemas are, and that they are read once."""

import json

import pytest

from orchestrator_dynamic.wire import avro_schemas


@pytest.mark.parametrize("name", avro_schemas.NAMES)
def test_every_schema_is_found(name: str) -> None:
    """In a wheel beside the code, in a checkout at its root."""
    assert json.loads(avro_schemas.text(name))["type"] == "record"


def test_a_schema_is_parsed_once() -> None:
    """There is a message every few microseconds."""
    name = avro_schemas.EXECUTION_TICKET

    assert avro_schemas.schema(name) is avro_schemas.schema(name)


def test_an_unknown_schema_is_named() -> None:
    """It is a mistake of ours, to be found at once."""
    with pytest.raises(FileNotFoundError, match="colour-scheme"):
        avro_schemas.schema("colour-scheme")


def test_preparing_a_schema_for_reading_leaves_it_as_it_was() -> None:
    """It belongs to whoever asked the registry for it."""
    writer = json.loads(avro_schemas.text(avro_schemas.ORCHESTRATION_INCIDENT))

    avro_schemas.for_reading(writer)

    assert writer == json.loads(avro_schemas.text(avro_schemas.ORCHESTRATION_INCIDENT))
