"""Bytes to models, for every message but decisions, which come in more envelopes than others."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.body_reader import read_body
from orchestrator_dynamic.wire.complaints import Complaints
from orchestrator_dynamic.wire.contracts import contract_of
from orchestrator_dynamic.wire.normalisation import Record, normalised, shape_of

MessageT = TypeVar("MessageT", bound=Message)


def read_message(
    kind: type[MessageT],
    data: bytes,
    headers: Mapping[str, bytes] | None = None,
    *,
    writer_schema: Schema | None = None,
    completed: Callable[[Record], Record] | None = None,
) -> MessageT:
    """Return the message of `kind` in `data`: JSON or Avro, with or without a prefix.

    Args:
        headers: of the message; names are compared without case.
        writer_schema: the schema that the registry names for it, if there is a registry.
        completed: adds to the record what can be concluded where it is not said.

    Raises:
        InvalidInput: with every reason at once; `body_reader.read_body` lists the reasons, and
            `contract` is added to them.
    """
    contract = contract_of(kind)
    body = read_body(data, headers, contract, writer_schema=writer_schema)
    record = normalised(body.record, shape_of(contract))
    try:
        return kind.model_validate(completed(record) if completed else record)
    except ValidationError as error:
        complaints = Complaints()
        complaints.invalid(error)
        raise complaints.refusal() from None
