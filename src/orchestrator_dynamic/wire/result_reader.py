"""Workers' answers off the bus."""

from collections.abc import Mapping

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.message_reader import read_message
from orchestrator_dynamic.wire.normalisation import Record


def read_result(
    data: bytes,
    headers: Mapping[str, bytes] | None = None,
    *,
    writer_schema: Schema | None = None,
) -> ExecutionResult:
    """Return the result in `data`.

    PREEMPTED and CANCELLED are read as they are. Where `success` is not said, the status says it.

    Raises:
        InvalidInput: with every reason at once; `message_reader.read_message` lists them.
    """
    return read_message(
        ExecutionResult, data, headers, writer_schema=writer_schema, completed=_with_success
    )


def _with_success(record: Record) -> Record:
    payload = record.get("result", {})
    if not isinstance(payload, dict) or "success" in payload:
        return record
    success = record.get("status") == ExecutionStatus.COMPLETED
    return {**record, "result": {**payload, "success": success}}
