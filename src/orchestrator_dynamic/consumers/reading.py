"""Records to messages, as all consumers do it."""

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.ports.orchestrator import Incoming
from orchestrator_dynamic.ports.record_source import Record
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.complaints import WHOLE, refusal


def value_of(record: Record) -> bytes:
    """Return the value of `record`.

    Raises:
        InvalidInput: reason `empty`, where it is a tombstone.
    """
    if record.value is None:
        raise refusal("empty", WHOLE, "message has no value; send a document")
    return record.value


def incoming(record: Record, schema: Schema | None, dead_letters_to: str | None) -> Incoming:
    """Return `record` as the orchestrator takes it."""
    return Incoming(
        data=record.value or b"",
        source=record.source,
        headers=record.headers,
        key=record.key,
        schema=schema,
        dead_letters_to=dead_letters_to,
    )


def unprocessable(error: Exception) -> InvalidInput:
    """Return the refusal of a record at which we fail in a way that we did not foresee."""
    message = f"message makes us fail with {type(error).__name__}; the log has the rest"
    return refusal("unprocessable", WHOLE, message)
