"""Avro bodies to plain records and back; what surrounds a body is the framing's business."""

import io
import struct
from collections.abc import Mapping
from typing import Any

import fastavro

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.wire import avro_schemas
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.complaints import WHOLE, refusal

# What fastavro lets through where bytes and schema do not belong together.
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
_PREPARED_MAX = 64


def decode(body: bytes, name: str, writer_schema: Schema | None = None) -> object:
    """Return what the Avro in `body` says, in plain dicts, lists, strings and numbers.

    Args:
        name: the contract that it should follow.
        writer_schema: the schema that it was written with; None means the contract's own.

    Raises:
        InvalidInput: reason `unreadable_avro`.
    """
    origin = f"the schema {name}" if writer_schema is None else "its writer's schema"
    source = io.BytesIO(body)
    try:
        schema = _schema_for(name, writer_schema)
        record = fastavro.schemaless_reader(source, schema, None)
    except _UNREADABLE as error:
        message = f"message is not Avro after {origin}: {type(error).__name__} {error}".rstrip()
        raise refusal("unreadable_avro", WHOLE, message[:300]) from None
    left = len(body) - source.tell()
    if left:
        message = f"message is not Avro after {origin}: {left} bytes are left over at its end"
        raise refusal("unreadable_avro", WHOLE, message)
    return record


def encode(record: Mapping[str, Any], name: str) -> bytes:
    """Return `record` as Avro after the contract called `name`.

    Raises:
        InvariantViolation: the record breaks the contract, so that we have made a mistake.
    """
    target = io.BytesIO()
    try:
        fastavro.schemaless_writer(target, avro_schemas.schema(name), record)
    except (*_UNREADABLE, UnicodeError) as error:
        raise InvariantViolation(f"writing {name} as Avro: {error}") from error
    return target.getvalue()


def _schema_for(name: str, writer_schema: Schema | None) -> Schema:
    return avro_schemas.reading_schema(name) if writer_schema is None else _prepared(writer_schema)


_prepared_schemas: dict[int, tuple[Schema, Schema]] = {}


def _prepared(writer_schema: Schema) -> Schema:
    """Return `writer_schema` ready for reading, prepared once for each object that is given.

    Whoever asks the registry keeps its answers, so that the same object comes again and again.
    The object is kept with the result, so that its identity is not given to another.
    """
    known = _prepared_schemas.get(id(writer_schema))
    if known is not None:
        return known[1]
    prepared = avro_schemas.for_reading(writer_schema)
    if len(_prepared_schemas) >= _PREPARED_MAX:
        _prepared_schemas.clear()
    _prepared_schemas[id(writer_schema)] = (writer_schema, prepared)
    return prepared
