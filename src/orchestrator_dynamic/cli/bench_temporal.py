"""Plans on a Temporal server, measured beside a workflow with one activity for each task.

Both are in this process, on the same server, and take turns. Our records go to a SQLite file, or to
MongoDB where it is set; the other keeps none.
"""

import gc
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from time import perf_counter

from orchestrator_dynamic.bootstrap.floors import opened_temporal_floor, with_names_of_its_own
from orchestrator_dynamic.bootstrap.temporal import SharedApplication, shared_application
from orchestrator_dynamic.cli.bench_embedded import timed
from orchestrator_dynamic.cli.bench_report import Comparison, Measurement
from orchestrator_dynamic.cli.bench_servers import new_name
from orchestrator_dynamic.cli.bench_worker import worker
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.orchestrator import Receipt
from orchestrator_dynamic.simulation.bench_plans import Shape, plans_of

_BESIDE = "one activity for each task, on the same server"


async def measured_on_temporal(
    settings: Settings,
    wanted: Sequence[tuple[Shape, int]],
    runs: int,
    tell: Callable[[Measurement], None],
) -> None:
    """Measure each of `wanted`, and tell it as soon as it is known.

    Raises:
        Misconfigured: there is no server, or it refuses us.
        Unavailable: it cannot be reached.
    """
    kafka = settings.kafka.model_copy(update={"bootstrap_servers": None})
    name = new_name()
    settings = with_names_of_its_own(settings.model_copy(update={"kafka": kafka}), name)
    async with AsyncExitStack() as opened:
        floor = await opened.enter_async_context(opened_temporal_floor(settings))
        running = shared_application(settings, takes_turns=True, workers=[worker])
        app = await opened.enter_async_context(running)
        await _timed_run(app, Shape.FAN, 50, f"{name}-warm-up")
        await floor.run(plans_of(Shape.FAN, 50), f"{name}-warm-up")
        for shape, tasks in wanted:
            compared = Comparison(shape, tasks, _BESIDE)
            for number in range(runs):
                wall, cpu = await _timed_run(app, shape, tasks, f"{name}-{number}")
                gc.collect()
                began = perf_counter()
                await floor.run(plans_of(shape, tasks), f"{name}-{shape}-{tasks}-{number}")
                compared.note(wall, cpu, perf_counter() - began)
            tell(compared.told())


async def _timed_run(
    app: SharedApplication, shape: Shape, tasks: int, run: str
) -> tuple[float, float]:
    async def submit(message: bytes) -> Receipt:
        return await app.orchestrator.submit(message, source="bench")

    return await timed(submit, app.workflows.outcome_of, shape, tasks, run)
