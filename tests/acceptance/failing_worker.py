"""A worker that fails for good what the examples say shall fail, and does nothing else."""

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker

worker = Worker("failing", concurrency=10)


@worker.handles()
async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Fail where the plan asks simulated workers to."""
    if ticket.parameters.get("simulate.permanent") == "true":
        raise PermanentFailure("as the plan says")
