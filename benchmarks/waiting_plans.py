"""A data directory full of plans that are open and wait."""

import asyncio
from pathlib import Path

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.observability.logging import configure_logging
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies

PLANS, TICKETS = 1_000, 20


def settings_for(directory: Path) -> Settings:
    """Return the settings of an engine that runs in `directory` and logs nothing but trouble."""
    configure_logging("ERROR", "json")
    return load_settings({"DATA_DIR": str(directory), "LOG_LEVEL": "ERROR"}, None)


async def prepare(directory: Path) -> None:
    """Leave 1,000 open plans of 20 tickets, of which each has one ticket ready for a worker."""
    edges = dependencies(Shape.FAN, TICKETS)
    async with application(settings_for(directory), workers=None, command="prepare") as app:
        messages = [decision(f"waiting-{number}", edges) for number in range(PLANS)]
        await asyncio.gather(*(app.engine.submit(one, source="bench") for one in messages))
