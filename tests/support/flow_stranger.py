"""A worker of another team: it knows two schemas and Kafka, and nothing of ours.

It takes tickets that are PENDING, and says COMPLETED at once; of attempts it knows nothing.
"""

import asyncio
import io
import json
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fastavro
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

_SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def _schema(name: str) -> Any:
    return fastavro.parse_schema(json.loads((_SCHEMAS / name / f"{name}.avsc").read_text()))


TICKET, RESULT = _schema("execution-ticket"), _schema("execution-result")


def answer(ticket_id: str, schema_id: int | None, **changes: Any) -> bytes:
    """Return what it says of a ticket; as JSON where no schema's number is given."""
    metadata = changes.pop("metadata", {})
    body = {
        "ticket_id": ticket_id,
        "status": "COMPLETED",
        "result": {"success": True, "output": {}, "metadata": metadata, "logs": []},
        "error_message": None,
        "actual_duration_ms": 1,
        "agent_id": "stranger",
        "timestamp": int(time.time() * 1000),
        "schema_version": 1,
        **changes,
    }
    if schema_id is None:
        return json.dumps(body).encode()
    out = io.BytesIO()
    fastavro.schemaless_writer(out, RESULT, body)
    return struct.pack(">bI", 0, schema_id) + out.getvalue()


def ticket_in(value: bytes) -> Any:
    """Return the ticket in a message."""
    if value[:1] != b"\x00":
        return json.loads(value)
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), TICKET, None)


Answers = Callable[[Any, AIOKafkaProducer], Awaitable[None]]


@asynccontextmanager
async def a_stranger(
    servers: str, tickets: str, results: str, schema_id: int | None, answers: Answers | None = None
) -> AsyncIterator[None]:
    """Have it work until the block ends.

    Args:
        schema_id: of the result's schema in the registry.
        answers: how it answers a ticket, if not by saying COMPLETED.
    """

    async def at_once(ticket: Any, producer: AIOKafkaProducer) -> None:
        value = answer(ticket["ticket_id"], schema_id)
        await producer.send(results, value, key=ticket["ticket_id"].encode())

    async def work(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        async for record in consumer:
            ticket = ticket_in(record.value)
            if ticket["status"] == "PENDING":
                await (answers or at_once)(ticket, producer)

    async with (
        AIOKafkaProducer(bootstrap_servers=servers, linger_ms=0) as producer,
        AIOKafkaConsumer(
            tickets,
            bootstrap_servers=servers,
            group_id=f"stranger.{tickets}",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=10,
        ) as consumer,
        asyncio.TaskGroup() as tasks,
    ):
        working = tasks.create_task(work(consumer, producer))
        try:
            yield
        finally:
            working.cancel()
