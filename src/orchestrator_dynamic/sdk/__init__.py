"""The public kit for those who execute tickets.

from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker

worker = Worker("builder-1", capabilities={"compile", "read"}, concurrency=8)

@worker.handles("BUILD", "EXECUTE")
async def build(ticket, context: TicketContext) -> dict[str, str]:
    await context.heartbeat(progress="half way")
    return {"artifact": "…"}
"""

from importlib import import_module
from typing import TYPE_CHECKING

from orchestrator_dynamic.sdk.context import TicketContext
from orchestrator_dynamic.sdk.errors import PermanentFailure, TicketCancelled, TicketSuperseded
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.transport import Clock, TicketTransport
from orchestrator_dynamic.sdk.worker import Handler, Worker

if TYPE_CHECKING:
    from orchestrator_dynamic.sdk.http_connection import HttpConnection
    from orchestrator_dynamic.sdk.http_transport import HttpLimits, HttpTransport
    from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
    from orchestrator_dynamic.sdk.kafka_transport import KafkaLimits, KafkaTransport

__all__ = [
    "Clock",
    "Handler",
    "HttpConnection",
    "HttpLimits",
    "HttpTransport",
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


# Loaded where they are used only, for each brings a client that takes half the start.
_LATER = {
    "HttpConnection": "http_connection",
    "HttpLimits": "http_transport",
    "HttpTransport": "http_transport",
    "KafkaConnection": "kafka_connection",
    "KafkaLimits": "kafka_transport",
    "KafkaTransport": "kafka_transport",
}


def __getattr__(name: str) -> object:
    """Return what is only loaded where it is used."""
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
