"""The public kit for those who execute tickets.

from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker

worker = Worker("builder-1", capabilities={"compile", "read"}, concurrency=8)

@worker.handles("BUILD", "EXECUTE")
async def build(ticket, context: TicketContext) -> dict[str, str]:
    await context.heartbeat(progress="half way")
    return {"artifact": "…"}
"""

from orchestrator_dynamic.sdk.context import TicketContext
from orchestrator_dynamic.sdk.errors import PermanentFailure, TicketCancelled, TicketSuperseded
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.transport import Clock, TicketTransport
from orchestrator_dynamic.sdk.worker import Handler, Worker

__all__ = [
    "Clock",
    "Handler",
    "PermanentFailure",
    "TicketCancelled",
    "TicketContext",
    "TicketSuperseded",
    "TicketTransport",
    "Worker",
    "run_worker",
]
