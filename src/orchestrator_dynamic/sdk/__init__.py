"""The public kit for those who execute tickets.

from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker

worker = Worker("builder-1", capabilities={"compile", "read"}, concurrency=8)

@worker.handles("BUILD", "EXECUTE")
async def build(ticket, context: TicketContext) -> dict[str, str]:
    await context.heartbeat(progress="half way")
    return {"artifact": "…"}
"""

from typing import TYPE_CHECKING

from orchestrator_dynamic.sdk.context import TicketContext
from orchestrator_dynamic.sdk.errors import PermanentFailure, TicketCancelled, TicketSuperseded
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.transport import Clock, TicketTransport
from orchestrator_dynamic.sdk.worker import Handler, Worker

if TYPE_CHECKING:
    from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
    from orchestrator_dynamic.sdk.kafka_transport import KafkaLimits, KafkaTransport

__all__ = [
    "Clock",
    "Handler",
    "KafkaConnection",
    "KafkaLimits",
    "KafkaTransport",
    "PermanentFailure",
    "TicketCancelled",
    "TicketContext",
    "TicketSuperseded",
    "TicketTransport",
    "Worker",
    "run_worker",
]


def __getattr__(name: str) -> object:
    """Return what is only loaded where it is used: the Kafka client takes half the start."""
    if name == "KafkaConnection":
        from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection

        return KafkaConnection
    if name in ("KafkaLimits", "KafkaTransport"):
        from orchestrator_dynamic.sdk import kafka_transport

        return getattr(kafka_transport, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
