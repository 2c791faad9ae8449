"""Models to bytes: the canonical object of a message, as JSON and as Avro.

The two carry the same fields: those of the message's contract, and no others.
"""

import hashlib

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.wire import avro_codec, framing, json_text
from orchestrator_dynamic.wire.contracts import contract_of
from orchestrator_dynamic.wire.decision_writer import decision_object


def to_wire(message: Message) -> dict[str, object]:
    """Return the canonical object of `message`: plain values under their names on the wire."""
    match message:
        case ConsolidatedDecision():
            return decision_object(message)
        case OrchestrationIncident():
            message = sealed(message)
        case ExecutionResult():
            message = _in_words_that_are_sent(message)
        case _:
            pass
    return message.model_dump(mode="json")


def to_json(message: Message) -> bytes:
    """Return `message` as JSON; equal messages give equal bytes.

    Raises:
        InvariantViolation: it holds what no contract can carry, so that we have made a mistake.
    """
    contract = contract_of(type(message))
    try:
        return json_text.compact(to_wire(message))
    except (TypeError, ValueError) as error:
        raise InvariantViolation(f"writing {contract} as JSON: {error}") from error


def to_avro(message: Message, schema_id: int | None = None) -> bytes:
    """Return `message` as Avro, after the prefix that names its schema where `schema_id` is given.

    Raises:
        InvariantViolation: it holds what its contract cannot carry, so that we have made a mistake.
    """
    body = avro_codec.encode(to_wire(message), contract_of(type(message)))
    return body if schema_id is None else framing.framed(schema_id, body)


def sealed(incident: OrchestrationIncident) -> OrchestrationIncident:
    """Return `incident` with its hash: SHA-256 of its canonical JSON without the hash."""
    text = json_text.canonical(incident.model_dump(mode="json", exclude={"hash"}))
    return incident.model_copy(update={"hash": hashlib.sha256(text.encode()).hexdigest()})


# Accepted from others, never sent: the contract knows three words only.
_NOT_SENT = (ExecutionStatus.PREEMPTED, ExecutionStatus.CANCELLED)


def _in_words_that_are_sent(result: ExecutionResult) -> ExecutionResult:
    """Return `result` as a failure where it was cut short, the word for that in its metadata."""
    if result.status not in _NOT_SENT:
        return result
    metadata = {**result.result.metadata, "status": result.status.value}
    payload = result.result.model_copy(update={"metadata": metadata})
    return result.model_copy(update={"status": ExecutionStatus.FAILED, "result": payload})
