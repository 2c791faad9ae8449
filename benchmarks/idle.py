"""What an engine costs that has 1,000 open plans and nothing to do."""

import asyncio
from pathlib import Path
from time import perf_counter, process_time

from benchmarks import waiting_plans
from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.cli.event_loop import run_in_loop

SECONDS = 20


def measure(directory: Path) -> dict[str, object]:
    """Return the share of a core that waiting takes, in percent."""
    run_in_loop(waiting_plans.prepare(directory))
    percent = run_in_loop(_idle(directory))
    return {"idle": f"{waiting_plans.PLANS} open plans", "percent_of_a_core": round(percent, 3)}


async def _idle(directory: Path) -> float:
    settings = waiting_plans.settings_for(directory)
    async with application(settings, workers=None, command="idle"):
        await asyncio.sleep(1)
        wall, cpu = perf_counter(), process_time()
        await asyncio.sleep(SECONDS)
        return (process_time() - cpu) / (perf_counter() - wall) * 100
