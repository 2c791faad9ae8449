"""What surrounds a body on the bus: Confluent's five-byte prefix, or an id in a header.

Decided for each message: a first byte of zero announces a prefix, the header `__value_schema_id`
announces bare Avro, and everything else is JSON.
"""

import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator_dynamic.wire.complaints import WHOLE, refusal, shown

SCHEMA_ID_HEADER = "__value_schema_id"
CONTENT_TYPE_HEADER = "content-type"
PREFIX_LENGTH = 5

_MAGIC = b"\x00"
_GUID_MAGIC = b"\x01"
_GUID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """A message taken apart.

    Attributes:
        body: what remains without the prefix.
        schema_id: the number in the prefix, for the registry; None without a prefix.
        schema_guid: the GUID in the header, in lower case with hyphens; None without one.
        prefixed: whether there was a prefix.
        avro: whether the body is announced as Avro; it may turn out to be JSON after all.
    """

    body: bytes
    schema_id: int | None = None
    schema_guid: str | None = None
    prefixed: bool = False
    avro: bool = False


def unframed(data: bytes, headers: Mapping[str, bytes] | None = None) -> Frame:
    """Return `data` taken apart, by its first byte and its headers.

    Raises:
        InvalidInput: reason `empty`, or `unreadable_avro` where the prefix is cut short or the
            header holds no GUID.
    """
    if not data:
        raise refusal("empty", WHOLE, "message is empty; send a document")
    guid = _guid(header(headers, SCHEMA_ID_HEADER))
    if data[:1] != _MAGIC:
        announced = (header(headers, CONTENT_TYPE_HEADER) or b"").strip().lower()
        avro = guid is not None or announced.startswith(b"application/avro")
        return Frame(data, schema_guid=guid, avro=avro)
    if len(data) <= PREFIX_LENGTH:
        message = f"message ends within its prefix, after {len(data)} bytes"
        raise refusal("unreadable_avro", WHOLE, message)
    (schema_id,) = struct.unpack_from(">I", data, 1)
    body = data[PREFIX_LENGTH:]
    return Frame(body, schema_id=schema_id, schema_guid=guid, prefixed=True, avro=True)


def framed(schema_id: int, body: bytes) -> bytes:
    """Return `body` after the five-byte prefix that names its schema."""
    return _MAGIC + struct.pack(">I", schema_id) + body


def header(headers: Mapping[str, bytes] | None, name: str) -> bytes | None:
    """Return the value of the header called `name`, in whatever case it was written."""
    for key, value in (headers or {}).items():
        if key.lower() == name:
            return value
    return None


def _guid(value: bytes | None) -> str | None:
    """Return the GUID in a header: text, or 16 bytes, alone or after a byte of one."""
    if value is None:
        return None
    raw = value.removeprefix(_GUID_MAGIC) if len(value) == _GUID_LENGTH + 1 else value
    try:
        if len(raw) == _GUID_LENGTH:
            return str(uuid.UUID(bytes=raw))
        return str(uuid.UUID(raw.decode("ascii").strip()))
    except ValueError:
        message = f"the header {SCHEMA_ID_HEADER} holds no GUID; it is {shown(value)}"
        raise refusal("unreadable_avro", "headers", message) from None
