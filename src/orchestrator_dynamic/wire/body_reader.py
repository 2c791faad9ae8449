"""Bytes to the plain record in them, whatever they are wrapped in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.wire import avro_codec, framing, json_text
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.complaints import WHOLE, refusal, shown
from orchestrator_dynamic.wire.framing import Frame

# JSON text of JSON text is seen; each further layer doubles the quotes, and nobody means it.
LAYERS_MAX = 4


@dataclass(frozen=True, slots=True)
class Body:
    """The record in a message.

    Attributes:
        record: as it was sent, with the sender's names.
        avro: whether it was Avro rather than JSON.
        prefixed: whether a five-byte prefix preceded it.
        layers: how many JSON texts held one another; one is the usual number, none is Avro.
    """

    record: dict[str, object]
    avro: bool
    prefixed: bool
    layers: int


def read_body(
    data: bytes,
    headers: Mapping[str, bytes] | None,
    contract: str,
    *,
    writer_schema: Schema | None = None,
    depth_max: int = json_text.DEPTH_MAX,
) -> Body:
    """Return the record in `data`.

    Args:
        contract: the Avro schema that its body should follow.
        writer_schema: the schema that the registry names for it, if there is a registry.
        depth_max: how many JSON containers may hold one another.

    Raises:
        InvalidInput: it cannot be read (see `json_text.read`, `framing.unframed` and
            `avro_codec.decode`), or it is no record: reason `unknown_envelope`.
    """
    frame = framing.unframed(data, headers)

    def as_json() -> Body:
        record, layers = _json_record(frame.body, depth_max)
        return Body(record, avro=False, prefixed=frame.prefixed, layers=layers)

    def as_avro() -> Body:
        record = avro_codec.decode(frame.body, contract, writer_schema)
        if not isinstance(record, dict):
            raise _unknown(record)
        return Body(record, avro=True, prefixed=frame.prefixed, layers=0)

    return _first_to_succeed(*_attempts(frame, writer_schema, as_json, as_avro))


def _attempts(
    frame: Frame,
    writer_schema: Schema | None,
    as_json: Callable[[], Body],
    as_avro: Callable[[], Body],
) -> tuple[Callable[[], Body], ...]:
    """Return the ways to read a body, the likeliest first."""
    if not frame.avro:
        return (as_json,)
    text = frame.body.strip()
    if text.startswith(b"{") and text.endswith(b"}"):
        # No contract of ours begins with this byte in Avro; a stranger's schema might.
        return (as_json,) if writer_schema is None else (as_json, as_avro)
    return (as_avro, as_json) if text.startswith((b"{", b'"')) else (as_avro,)


def _first_to_succeed(likeliest: Callable[[], Body], *others: Callable[[], Body]) -> Body:
    try:
        return likeliest()
    except InvalidInput:
        for attempt in others:
            try:
                return attempt()
            except InvalidInput:
                continue
        raise


def _json_record(text: bytes | str, depth_max: int) -> tuple[dict[str, object], int]:
    value: object = text
    layers = 0
    while isinstance(value, bytes | str) and layers < LAYERS_MAX:
        value = json_text.read(value, depth_max=depth_max)
        layers += 1
    if not isinstance(value, dict):
        raise _unknown(value)
    return value, layers


def _unknown(value: object) -> InvalidInput:
    message = f"message must be an object; it is {shown(value)}"
    return refusal("unknown_envelope", WHOLE, message)
