"""`orq bench`: what a task costs in the whole engine, beside the least that it could cost."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator_dynamic.cli.bench_report import Measurement, table_of
from orchestrator_dynamic.cli.bench_servers import Bus, refuse_impossible
from orchestrator_dynamic.cli.engine_choice import Engine
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import AsJson, settings_in_force
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.simulation.bench_plans import Shape

USUAL = (
    (Shape.CHAIN, 100),
    (Shape.FAN, 1_000),
    (Shape.LAYERED, 1_000),
    (Shape.MANY, 1_000),
)

_EXAMPLES = """
Examples:

orq bench --shape layered --tasks 10000

orq bench --bus kafka

orq bench --engine temporal --runs 3
"""

Wanted = list[tuple[Shape, int]]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(bench), epilog=_EXAMPLES)(bench)


def bench(
    shape: Annotated[
        Shape | None, typer.Option(help="chain, fan, layered or many; all of them if not given.")
    ] = None,
    tasks: Annotated[int, typer.Option(help="Tasks in all.", min=3, max=100_000)] = 1_000,
    runs: Annotated[int, typer.Option(help="Runs of each; medians are told.", min=1)] = 5,
    bus: Annotated[Bus, typer.Option(help="What carries tickets to workers.")] = Bus.EMBEDDED,
    engine: Annotated[Engine, typer.Option(help="What drives the plans.")] = Engine.EMBEDDED,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where to measure, for its disk counts; default: here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what a task costs: tasks that do nothing, through the whole engine, durably.

    The floor beside it, in the same run on the same disk, is one durable commit for each batch of
    tickets, one row a ticket and the call itself.

    With `--bus kafka` tickets go to a worker in another process, on topics that are made and
    deleted; the floor does so with the same clients, and one commit for each batch. Needs
    KAFKA_BOOTSTRAP_SERVERS. With `--engine temporal` the floor is a workflow with one activity for
    each task on the same server. Needs TEMPORAL_HOST; records go to MongoDB where MONGODB_URI is
    set. In both, decisions are handed in directly.
    """
    settings = settings_in_force(overrides={"LOG_LEVEL": "ERROR"})
    refuse_impossible(settings, bus, engine)
    wanted = [(shape, tasks)] if shape else [*USUAL]
    told: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix=".orq-bench-", dir=data_dir or Path.cwd()) as folder:
        here = settings.model_copy(update={"data_dir": Path(folder)})

        def tell(measured: Measurement) -> None:
            told.append(measured)
            if as_json:
                print(json.dumps(asdict(measured)), flush=True)

        _measure(here, bus, engine, wanted, runs, tell)
    if not as_json:
        Console(file=sys.stdout).print(table_of(told))


def _measure(
    settings: Settings,
    bus: Bus,
    engine: Engine,
    wanted: Wanted,
    runs: int,
    tell: Callable[[Measurement], None],
) -> None:
    # What they need is imported only where it is needed, for every command waits for its imports.
    if bus is Bus.KAFKA:
        from orchestrator_dynamic.cli.bench_kafka import measured_over_kafka

        run_in_loop(measured_over_kafka(settings, wanted, runs, tell))
    elif engine is Engine.TEMPORAL:
        from orchestrator_dynamic.cli.bench_temporal import measured_on_temporal

        run_in_loop(measured_on_temporal(settings, wanted, runs, tell))
    else:
        for measured in _embedded(settings, wanted, runs):
            tell(measured)


def _embedded(settings: Settings, wanted: Wanted, runs: int) -> Iterator[Measurement]:
    from orchestrator_dynamic.cli.bench_embedded import measured

    for number, (shape, tasks) in enumerate(wanted):
        folder = settings.data_dir / str(number)
        told = settings.model_copy(update={"data_dir": folder})
        yield run_in_loop(measured(told, shape, tasks, runs))
