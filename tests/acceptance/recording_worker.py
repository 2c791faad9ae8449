"""A worker that writes down every execution before it does anything; named by the crash test."""

import asyncio
import os

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker

# One line, written at once, so that a kill leaves whole lines.
_RECORD = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

worker = Worker("recorder", concurrency=8)


@worker.handles()
async def record(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Write down what is executed, and take a moment, so that kills hit it in the middle."""
    os.write(_RECORD, f"{ticket.ticket_id} {ticket.task_id}\n".encode())
    await asyncio.sleep(0.002)
