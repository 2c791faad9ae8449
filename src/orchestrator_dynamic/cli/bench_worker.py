"""The worker that benchmarks have their tickets executed by: it does nothing, at once."""

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker

# As many as one plan has out at a time, so that the worker is never what is waited for.
CONCURRENCY = 100

worker = Worker("bench", concurrency=CONCURRENCY)


@worker.handles()
async def do_nothing(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Succeed."""
