"""Messages to bytes and back where a registry may know their schemas."""

from collections.abc import Mapping

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.wire import avro_schemas, json_text, message_writer
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.complaints import WHOLE, refusal
from orchestrator_dynamic.wire.contracts import contract_of
from orchestrator_dynamic.wire.framing import Frame, unframed
from orchestrator_dynamic.wire.schema_registry import SchemaRegistry

# Telemetry frames and SLA events are JSON wherever they go. Source: contracts.
_AVRO_KINDS = (
    ConsolidatedDecision,
    ExecutionTicket,
    ExecutionResult,
    OrchestrationIncident,
    ApprovalResponse,
)


class MessageCodec:
    """Writes Avro where there is a registry and the contract is an Avro one, and JSON elsewhere."""

    def __init__(self, registry: SchemaRegistry | None) -> None:
        self._registry = registry
        # As many as there are topics that we write to: names of settings, never of messages.
        self._numbers: dict[tuple[str, str], int] = {}

    async def writer_schema(
        self, data: bytes, headers: Mapping[str, bytes] | None = None
    ) -> Schema | None:
        """Return the schema that `data` was written with, as the registry has it.

        None where there is no registry, where the message names no schema, and where it is JSON.

        Raises:
            InvalidInput: reason `unknown_schema` where the registry does not have what the message
                names, and those of `framing.unframed`.
            RegistryUnavailable: try again; it says nothing about the message.
            Misconfigured: the registry refuses us.
        """
        if self._registry is None:
            return None
        frame = unframed(data, headers)
        if not frame.avro or _looks_like_json(frame.body):
            return None
        if frame.schema_id is not None:
            schema = await self._registry.by_id(frame.schema_id)
        elif frame.schema_guid is not None:
            schema = await self._registry.by_guid(frame.schema_guid)
        else:
            return None
        if schema is None:
            raise _unknown_schema(frame)
        return schema

    async def encode(self, message: Message, topic: str) -> bytes:
        """Return the value of `message` for `topic`; the registry is asked once for each of those.

        Raises:
            RegistryUnavailable: try again.
            SchemaRefused: the registry has another schema there, with which ours does not agree.
            Misconfigured: the registry refuses us.
            InvariantViolation: the message breaks its contract.
        """
        if self._registry is None or not isinstance(message, _AVRO_KINDS):
            return message_writer.to_json(message)
        contract = contract_of(type(message))
        number = self._numbers.get((topic, contract))
        if number is None:
            text = avro_schemas.text(contract)
            number = await self._registry.id_for(f"{topic}-value", text)
            self._numbers[topic, contract] = number
        return message_writer.to_avro(message, number)


def _looks_like_json(body: bytes) -> bool:
    """Tell whether `body` is JSON for certain: its number is then nobody's.

    No record of ours begins with a brace in Avro. One whose first text has 17 bytes begins with
    a quote, so that there a look at the ends does not do.
    """
    text = body.strip()
    if text.startswith(b"{"):
        return text.endswith(b"}")
    if not (text.startswith(b'"') and text.endswith(b'"')):
        return False
    try:
        json_text.read(text)
    except InvalidInput:
        return False
    return True


def _unknown_schema(frame: Frame) -> InvalidInput:
    named = frame.schema_guid if frame.schema_id is None else f"number {frame.schema_id}"
    message = f"message was written with schema {named}, which the registry does not have"
    return refusal("unknown_schema", WHOLE, f"{message}; register it, and send the message again")
