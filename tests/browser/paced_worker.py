"""A worker that takes a sixtieth of what was estimated, and fails what it is told to fail."""

import asyncio

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import PermanentFailure, TicketContext, Worker

TIMES_FASTER = 60
UNKNOWN_MS = 6_000

worker = Worker("paced-1", capabilities={"read"}, concurrency=200)


@worker.handles(
    "BUILD", "DEPLOY", "TEST", "VALIDATE", "EXECUTE", "QUERY", "TRANSFORM", "COMPENSATE"
)
async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Take a little time; a task whose name begins with `broken` cannot be done."""
    takes_ms = ticket.estimated_duration_ms or UNKNOWN_MS
    await asyncio.sleep(takes_ms / TIMES_FASTER / 1_000)
    if ticket.task_id.startswith("broken") and ticket.task_type != "COMPENSATE":
        raise PermanentFailure(f"{ticket.task_id} cannot be done")
    return {"done": ticket.task_id, "attempt": str(context.attempt)}
