"""People's answers off the approval topic."""

from collections.abc import Mapping

from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.framing import header
from orchestrator_dynamic.wire.message_reader import read_message
from orchestrator_dynamic.wire.normalisation import Record

_HEADERS = {
    "plan_id": "plan-id",
    "intent_id": "intent-id",
    "decision": "decision",
    "approved_by": "approved-by",
}


def read_approval(
    data: bytes,
    headers: Mapping[str, bytes] | None = None,
    *,
    writer_schema: Schema | None = None,
) -> ApprovalResponse:
    """Return the answer in `data`; what the body does not say is taken from the headers.

    Raises:
        InvalidInput: with every reason at once; `message_reader.read_message` lists them.
    """

    def with_headers(record: Record) -> Record:
        said = {field: header(headers, name) for field, name in _HEADERS.items()}
        texts = {field: value.decode("utf-8", "replace") for field, value in said.items() if value}
        return {**texts, **record}

    return read_message(
        ApprovalResponse, data, headers, writer_schema=writer_schema, completed=with_headers
    )
