"""`orq bench`: what a task costs in the whole engine, beside the least that it could cost."""

import asyncio
import gc
import json
import resource
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from orchestrator_dynamic.bootstrap.embedded import Application, application, run_floor
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.options import AsJson, settings_in_force
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.simulation.bench_plans import (
    MANY_PLAN_TASKS,
    Shape,
    decisions,
    dependencies,
)

# As many as one plan has out at a time, so that the worker is never what is waited for.
CONCURRENCY = 100

USUAL = (
    (Shape.CHAIN, 100),
    (Shape.FAN, 1_000),
    (Shape.LAYERED, 1_000),
    (Shape.MANY, 1_000),
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured for one shape; times are medians over the runs, per task."""

    shape: str
    tasks: int
    ms_per_task: float
    cpu_ms_per_task: float
    floor_ms_per_task: float
    ratio: float
    rss_mb: int
    commits: int


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        epilog="Example: [bold]orq bench --shape layered --tasks 10000[/bold]",
    )(bench)


def bench(
    shape: Annotated[
        Shape | None, typer.Option(help="chain, fan, layered or many; all of them if not given.")
    ] = None,
    tasks: Annotated[int, typer.Option(help="Tasks in all.", min=3, max=100_000)] = 1_000,
    runs: Annotated[int, typer.Option(help="Runs of each; medians are told.", min=1)] = 5,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where to measure, for its disk counts; default: here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what a task costs: tasks that do nothing, through the whole engine, durably.

    The floor beside it, in the same run on the same disk, is one durable commit for each batch of
    tickets, one row a ticket and the call itself.
    """
    wanted = [(shape, tasks)] if shape else [*USUAL]
    settings = settings_in_force(overrides={"LOG_LEVEL": "ERROR"})
    table = _table()
    with tempfile.TemporaryDirectory(prefix=".orq-bench-", dir=data_dir or Path.cwd()) as folder:
        for number, (one, size) in enumerate(wanted):
            told = settings.model_copy(update={"data_dir": Path(folder) / str(number)})
            measured = run_in_loop(_measure(told, one, size, runs))
            if as_json:
                print(json.dumps(asdict(measured)), flush=True)
            else:
                table.add_row(*_cells(measured))
    if not as_json:
        Console(file=sys.stdout).print(table)


async def _measure(settings: Settings, shape: Shape, tasks: int, runs: int) -> Measurement:
    worker = Worker("bench", concurrency=CONCURRENCY)

    @worker.handles()
    async def do_nothing(ticket: ExecutionTicket, context: TicketContext) -> None:
        return None

    walls, cpus, floors, commits = [], [], [], 0
    async with application(settings, workers=[worker], command="orq bench") as app:
        await _run(app, Shape.FAN, 50, "warm-up")
        for number in range(runs):
            wall, cpu, commits = await _run(app, shape, tasks, str(number))
            walls.append(wall / tasks)
            cpus.append(cpu / tasks)
            floors.append(await _floor(settings.data_dir / "floor", shape, tasks) / tasks)
    ratio = statistics.median(wall / floor for wall, floor in zip(walls, floors, strict=True))
    return Measurement(
        shape=shape.value,
        tasks=tasks,
        ms_per_task=round(statistics.median(walls) * 1000, 4),
        cpu_ms_per_task=round(statistics.median(cpus) * 1000, 4),
        floor_ms_per_task=round(statistics.median(floors) * 1000, 4),
        ratio=round(ratio, 2),
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        commits=commits,
    )


async def _run(app: Application, shape: Shape, tasks: int, run: str) -> tuple[float, float, int]:
    """Return wall and CPU seconds from handing over to knowing every outcome, and the commits."""
    messages = list(decisions(shape, tasks, run))
    gc.collect()
    commits, wall, cpu = app.ledger.commits, perf_counter(), process_time()
    outcomes = await asyncio.gather(*(_outcome(app, message) for message in messages))
    wall, cpu = perf_counter() - wall, process_time() - cpu
    if any(outcome is not Outcome.SUCCESS for outcome in outcomes):
        raise InvariantViolation(f"a plan of the benchmark ended {outcomes}")
    return wall, cpu, app.ledger.commits - commits


async def _outcome(app: Application, message: bytes) -> Outcome | None:
    receipt = await app.engine.submit(message, source="bench")
    if receipt.workflow_id is None:
        raise InvariantViolation(f"a plan of the benchmark was refused: {receipt.reason}")
    return await app.engine.outcome_of(receipt.workflow_id)


async def _floor(directory: Path, shape: Shape, tasks: int) -> float:
    """Return the seconds that the floor takes for the same plans."""
    if shape is Shape.MANY:
        one = dependencies(Shape.FAN, MANY_PLAN_TASKS)
        plans = [one] * max(1, tasks // MANY_PLAN_TASKS)
    else:
        plans = [dependencies(shape, tasks)]
    gc.collect()
    began = perf_counter()
    await run_floor(directory, plans, _nothing)
    return perf_counter() - began


async def _nothing(task: int) -> None:
    return None


def _table() -> Table:
    table = Table(title="What a task costs (medians; ms of wall time and CPU for each task)")
    for name in ("shape", "tasks", "wall", "CPU", "floor", "ratio", "peak MB", "commits"):
        table.add_column(name, justify="left" if name == "shape" else "right")
    return table


def _cells(one: Measurement) -> tuple[str, ...]:
    return (
        one.shape,
        f"{one.tasks:,}",
        f"{one.ms_per_task:.3f}",
        f"{one.cpu_ms_per_task:.3f}",
        f"{one.floor_ms_per_task:.3f}",
        f"{one.ratio:.1f} ×",
        str(one.rss_mb),
        f"{one.commits:,}",
    )
