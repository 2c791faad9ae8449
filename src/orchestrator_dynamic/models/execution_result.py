"""What a worker answers: that it is alive, that it is done, or that it failed."""

from typing import Annotated

from pydantic import Field

from orchestrator_dynamic.models.base import DurationMs, EpochMs, Items, Message, SchemaVersion
from orchestrator_dynamic.models.ids import IDENTIFIER, TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus


class ExecutionResultPayload(Message):
    """What came of the work. `metadata` may echo `attempt`, and say `retryable`."""

    success: bool = False
    output: dict[str, str] = Field(default_factory=dict)
    metadata: dict[str, str] = Field(default_factory=dict)
    logs: Items[str] = ()


class ExecutionResult(Message):
    """A worker's word about one ticket; nothing but the ticket's id ties it to a plan."""

    ticket_id: Annotated[TicketId, IDENTIFIER]
    status: ExecutionStatus
    result: ExecutionResultPayload = Field(default_factory=ExecutionResultPayload)
    error_message: str | None = None
    actual_duration_ms: DurationMs | None = None
    agent_id: str = ""
    timestamp: EpochMs = 0
    schema_version: SchemaVersion = 1
