"""Workers that write down every execution before they do anything; named by tests of `orq run`."""

import asyncio
import contextlib
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


stubborn = Worker("stubborn")


@stubborn.handles()
async def hold_on(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Write down what is executed, and let go for nobody."""
    os.write(_RECORD, f"{ticket.ticket_id} {ticket.task_id}\n".encode())
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
