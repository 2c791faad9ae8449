"""A worker for `orq worker tests.support.flow_worker:worker`: it does anything, in a moment.

FLOW_WORK_MS is how long a ticket takes, FLOW_CONCURRENCY how many run at once, and
FLOW_CAPABILITIES a file with a JSON list of what it can do.
"""

import asyncio
import json
import os
from pathlib import Path

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker

_work_s = int(os.environ.get("FLOW_WORK_MS", "0")) / 1000
_file = os.environ.get("FLOW_CAPABILITIES")

worker = Worker(
    "flow",
    capabilities=json.loads(Path(_file).read_text()) if _file else (),
    concurrency=int(os.environ.get("FLOW_CONCURRENCY", "16")),
)


@worker.handles()
async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
    """Take a moment."""
    if _work_s:
        await asyncio.sleep(_work_s)
    return {"done": ticket.task_id}
