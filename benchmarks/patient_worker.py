"""A worker that takes its time, so that plans are under way when everything is killed."""

import asyncio

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker

SECONDS = 0.5

worker = Worker("patient", concurrency=20)


@worker.handles()
async def wait(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Succeed after a while."""
    await asyncio.sleep(SECONDS)
