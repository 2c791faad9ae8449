"""A process that a test can kill: it takes turns, executes tickets and brings answers.

Run it as `python -m tests.support.temporal_member DIRECTORY TARGET NAMESPACE TASK_QUEUE`; it says
`ready` when it has begun. What it executes it notes in the file `executed` of the directory.
"""

import asyncio
import os
import sys
from pathlib import Path

from orchestrator_dynamic.adapters.temporal.connection import TemporalAddress
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.logging import configure_logging
from orchestrator_dynamic.ports.plan_workflows import Telling, Told
from orchestrator_dynamic.sdk import TicketContext
from tests.support.engines import a_worker
from tests.support.temporal_world import Process, a_process

NOTES = "executed"


async def run(directory: Path, address: TemporalAddress, task_queue: str) -> None:
    """Go on until killed."""

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        note = f"{os.getpid()} {ticket.ticket_id} {context.attempt}\n"
        # One write of a short line, so that nothing of it is lost with the process.
        with (directory / NOTES).open("a") as notes:
            notes.write(note)
        await asyncio.sleep(0.15)

    async with a_process(
        directory, address, a_worker(work), task_queue=task_queue, patience_s=120
    ) as process:
        await returned(process)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def returned(process: Process) -> None:
    """Tell every open plan that the tickets which this process had are gone."""
    told = Told(kind=Telling.RESTARTED, at=process.parts.clock.now_ms())
    for _, name in await process.parts.ledger.open_plans():
        await process.workflows.tell(WorkflowId(name), (told,))


if __name__ == "__main__":
    configure_logging("ERROR", "json")
    target, namespace = sys.argv[2:4]
    asyncio.run(
        run(Path(sys.argv[1]), TemporalAddress(target=target, namespace=namespace), sys.argv[4])
    )
