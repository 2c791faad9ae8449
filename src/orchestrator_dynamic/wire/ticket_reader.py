"""Tickets off the bus, as those who execute them receive them."""

from collections.abc import Mapping

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.message_reader import read_message


def read_ticket(
    data: bytes,
    headers: Mapping[str, bytes] | None = None,
    *,
    writer_schema: Schema | None = None,
) -> ExecutionTicket:
    """Return the ticket in `data`.

    Raises:
        InvalidInput: with every reason at once; `message_reader.read_message` lists them.
    """
    return read_message(ExecutionTicket, data, headers, writer_schema=writer_schema)
