"""`orq demo`: two plans of a tea shop, run by the real engine on a real data directory."""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import typer
from rich.console import Console

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.cli.demo_audience import demo_audience
from orchestrator_dynamic.cli.demo_operator import approve_what_waits
from orchestrator_dynamic.cli.demo_report import report_on, where_to_look
from orchestrator_dynamic.cli.engine_choice import alone_here
from orchestrator_dynamic.cli.engine_session import Session
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.examples import example_decision
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.inputs import Input
from orchestrator_dynamic.cli.options import DataDir
from orchestrator_dynamic.cli.plan_results import PlanResult
from orchestrator_dynamic.cli.quietness import settings_for_people
from orchestrator_dynamic.cli.stopping import stop_on_signals
from orchestrator_dynamic.cli.vigil import Vigil
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.simulation.simulated_worker import simulated_worker

RELEASE, SALE = "release-train", "spring-sale"
INTENDED = {RELEASE: Outcome.SUCCESS, SALE: Outcome.COMPENSATED}

_SPEED = 60.0
_BEAT_S = 0.125
# The approver is quicker, unless something went wrong.
_PATIENCE_S = 10.0
_PLAIN_WIDTH = 110
_DEMOS_MAX = 9_999

# What the demonstration shows must not depend on how things are set here.
_SETTLED = {"FAILURE_POLICY": "compensate", "RETRY_OWNER": "orchestrator"}

_LOOK_FURTHER = (("show", RELEASE), ("show", SALE, "--task", "charge-test-card"))

_EXAMPLES = """
Examples:

orq demo

orq demo --data-dir elsewhere
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(demo), epilog=_EXAMPLES)(demo)


def demo(data_dir: DataDir = None) -> None:
    """Show two plans run from decision to outcome, here and now, in about a quarter of a minute.

    One releases a web shop: a parallel part, a join, a test that fails once and is tried again, a
    destructive step that waits for a person. The other opens a sale, fails for good, and what it
    had done is undone in reverse order. The engine, the journal and the workers' protocol are the
    real ones; only what the workers do is pretended.

    Everything is written to a fresh directory demo-1, demo-2, … in the data directory.
    """
    complaints: list[str] = []
    settings = settings_for_people(data_dir, complaints, quiet="ERROR", overrides=_SETTLED)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    directory = _fresh_directory(settings.data_dir)
    raise typer.Exit(run_in_loop(_play(settings.model_copy(update={"data_dir": directory}))))


def _fresh_directory(parent: Path) -> Path:
    try:
        for number in range(1, _DEMOS_MAX + 1):
            directory = parent / f"demo-{number}"
            with suppress(FileExistsError):
                directory.mkdir(parents=True)
                return directory
    except OSError as error:
        raise Misconfigured(f"{parent} cannot hold a demonstration: {error.strerror}") from error
    raise Misconfigured(f"{parent} holds {_DEMOS_MAX:,} demonstrations; delete some")


def _workers() -> list[Worker]:
    team = (
        ("builder", "build", 3),
        ("tester", "test", 3),
        ("deployer", "deploy stock", 2),
        ("database-keeper", "database", 1),
        ("desk", "read write security payments", 2),
    )
    return [
        simulated_worker(name, capabilities=can.split(), concurrency=hands, speed=_SPEED)
        for name, can, hands in team
    ]


async def _play(settings: Settings) -> int:
    """Return the exit code."""
    console = Console(file=sys.stdout, highlight=False)
    if not sys.stdout.isatty():
        console.width = _PLAIN_WIDTH
    directory = settings.data_dir
    console.print(f"Two plans of a tea shop; everything is written to {directory}.", soft_wrap=True)
    inputs = [Input(name, partial(example_decision, name)) for name in INTENDED]
    with stop_on_signals(settings.shutdown_timeout_s) as stop:
        async with application(alone_here(settings), workers=_workers(), command="orq demo") as app:
            with demo_audience(console, settings, _SPEED) as audience:
                vigil = Vigil(audience, directory, beat_s=_BEAT_S, patience_s=_PATIENCE_S)
                session = Session(app, vigil, stop.asked)
                async with asyncio.TaskGroup() as tasks:
                    approver = tasks.create_task(approve_what_waits(app, audience))
                    await session.bring_to_end(inputs)
                    approver.cancel()
            if session.cut_short:
                print(f"orq: stopped by {stop.name}; see {directory}", file=sys.stderr)
                return stop.exit_code
            await report_on(_in_order(session.results), app.store, console)
    where_to_look(directory, _LOOK_FURTHER, console)
    return 0 if _as_intended(session.results) else NOT_WELL


def _in_order(results: Iterable[PlanResult]) -> list[PlanResult]:
    order = list(INTENDED)
    return sorted(results, key=lambda result: order.index(result.source))


def _as_intended(results: Sequence[PlanResult]) -> bool:
    return {result.plan_id: result.outcome for result in results} == INTENDED
