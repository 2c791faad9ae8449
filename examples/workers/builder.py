"""A worker in ten lines: it builds and executes, and says how far it has come."""

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker

worker = Worker("builder-1", capabilities={"build", "read"}, concurrency=8)


@worker.handles("BUILD", "EXECUTE")
async def build(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Do what the ticket describes; what is raised here fails the attempt, to be tried again."""
    if not ticket.description:
        raise PermanentFailure("there is nothing to build: the task has no description")
    await context.heartbeat(progress="half way")
    # Under this key the effect happens once, however often the attempt is repeated.
    return {"artifact": f"{ticket.task_id}-{context.idempotency_key[:8]}.tar.gz"}
