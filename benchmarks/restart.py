"""From the start of the process to the first ticket in a worker's hands, with 1,000 open plans."""

import asyncio
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import waiting_plans
from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker

RUNS = 5


def measure(directory: Path) -> dict[str, object]:
    """Return the median of some restarts, each on its own copy of the same data."""
    run_in_loop(waiting_plans.prepare(directory))
    seconds = []
    for number in range(RUNS):
        copy = directory.with_name(f"{directory.name}-{number}")
        shutil.copytree(directory, copy)
        command = [sys.executable, "-m", "benchmarks.restart", str(copy)]
        began = time.time()
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds.append(float(printed) - began)
    return {
        "restart": f"{waiting_plans.PLANS} open plans of {waiting_plans.TICKETS} tickets",
        "first_ticket_s": round(statistics.median(seconds), 3),
        "worst_s": round(max(seconds), 3),
    }


async def first_ticket(directory: Path) -> float:
    """Return when the first ticket reached a worker, in seconds of the wall clock."""
    moment: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    worker = Worker("first", concurrency=1)

    @worker.handles()
    async def note(ticket: ExecutionTicket, context: TicketContext) -> None:
        if not moment.done():
            moment.set_result(time.time())

    settings = waiting_plans.settings_for(directory)
    async with application(settings, workers=[worker], command="restart"):
        return await moment


if __name__ == "__main__":
    print(run_in_loop(first_ticket(Path(sys.argv[1]))))
