"""`orq run`: consolidated decisions in, every one of them brought to an outcome."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator_dynamic.bootstrap import application
from orchestrator_dynamic.cli.audience import Audience, JsonAudience, PlainAudience
from orchestrator_dynamic.cli.engine_session import Session
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL, told_failure
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.inputs import Input, inputs_named
from orchestrator_dynamic.cli.live import live_audience
from orchestrator_dynamic.cli.options import DataDir
from orchestrator_dynamic.cli.printing import counted
from orchestrator_dynamic.cli.quietness import settings_for_people
from orchestrator_dynamic.cli.stopping import stop_on_signals
from orchestrator_dynamic.cli.workforce import DEFAULT_SPEED, WorkforceOptions, workforce
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.sdk.worker import Worker

_BEAT_S = 0.2

_EXAMPLES = """
Examples:

orq run examples/decisions/nightly-report.json

orq run examples/decisions --speed max --json

orq run examples/decisions/nightly-report.json --worker examples.workers.builder:worker
"""

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Decisions in any envelope; a directory means its *.json, *.avro and *.bin files, "
        "- means standard input.",
        show_default=False,
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(
        metavar="N",
        help="How many simulated workers, each executing one ticket at a time; default: as many "
        "as one plan may have out at once (SCHEDULER_MAX_PARALLEL_TICKETS, 100).",
    ),
]
Speed = Annotated[
    str | None,
    typer.Option(
        metavar="X|max",
        help="How many times faster than estimated simulated workers are; max: they do not wait "
        f"at all. Default: {DEFAULT_SPEED}, so that an estimated minute takes a second.",
    ),
]
OwnWorkers = Annotated[
    list[str] | None,
    typer.Option(
        "--worker",
        metavar="MODULE:NAME",
        help="Worker(s) of your own instead of simulated ones; may be given more than once.",
    ),
]
AsObjects = Annotated[
    bool, typer.Option("--json", help="Print one JSON object a plan, nothing else.")
]
FailRate = Annotated[
    str | None,
    typer.Option(metavar="R", help="Share of attempts that simulated workers fail, from 0 to 1."),
]
Seed = Annotated[
    str | None,
    typer.Option(metavar="S", help="The same seed fails the same attempts. Default: 0."),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Log the story of every plan on stderr; without it, and without LOG_LEVEL, only "
        "warnings are logged.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is to be done, all of it usable."""

    inputs: Sequence[Input]
    workers: Sequence[Worker]
    settings: Settings
    data_dir: Path | None
    as_json: bool


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(run), epilog=_EXAMPLES)(run)


def run(
    files: Files,
    data_dir: DataDir = None,
    workers: Workers = None,
    speed: Speed = None,
    worker: OwnWorkers = None,
    as_json: AsObjects = False,
    fail_rate: FailRate = None,
    seed: Seed = None,
    verbose: Verbose = False,
) -> None:
    """Bring consolidated decisions to an outcome: all that are given, and all that were begun.

    Everything is kept in the data directory. Interrupted in any way, the same command goes on
    where it was; given again, a decision starts nothing twice and its recorded outcome is told.

    Ends with 0 when every plan ended SUCCESS, 1 when one did not or waits for a person,
    2 when the arguments cannot be used, 130 or 143 when it was stopped.
    """
    options = WorkforceOptions(
        references=worker or (), workers=workers, speed=speed, fail_rate=fail_rate, seed=seed
    )
    raise typer.Exit(_carried_out(_order(files, options, data_dir, as_json, verbose)))


def _order(
    files: list[str],
    options: WorkforceOptions,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,
) -> _Order:
    """Return what the command line asks for.

    Raises:
        Misconfigured: with everything that is wrong with it.
    """
    complaints: list[str] = []
    settings = settings_for_people(data_dir, complaints, verbose=verbose)
    inputs = inputs_named(files, complaints)
    team = workforce(options, complaints, settings.scheduler.max_parallel_tickets)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    return _Order(
        inputs=[one.at_hand() for one in inputs],
        workers=team,
        settings=settings,
        data_dir=data_dir,
        as_json=as_json,
    )


def _carried_out(order: _Order) -> int:
    """Return the exit code."""
    code = NOT_WELL
    try:
        code = run_in_loop(_run(order))
    except* Unavailable as errors:
        code = told_failure(errors)
        print("orq: mend that and give the same command again: it goes on", file=sys.stderr)
    return code


async def _run(order: _Order) -> int:
    settings = order.settings
    with (
        stop_on_signals(settings.shutdown_timeout_s) as stop,
        _audience(order) as audience,
    ):
        async with application(settings, workers=order.workers, command="orq run") as app:
            session = Session(app, audience, stop.asked, order.data_dir, beat_s=_BEAT_S)
            await session.bring_to_end(order.inputs)
    if session.cut_short:
        plans = counted(session.unfinished, "plan")
        told = f"stopped by {stop.name}, {plans} not ended; the same command goes on from here"
        print(f"orq: {told}", file=sys.stderr)
        return stop.exit_code
    if left := sum(bool(result.remedy) for result in session.results):
        wait = "plan waits" if left == 1 else "plans wait"
        print(f"orq: {left:,} {wait} for people; then the same command goes on", file=sys.stderr)
    return 0 if all(result.well for result in session.results) else NOT_WELL


def _audience(order: _Order) -> AbstractContextManager[Audience]:
    console = Console(file=sys.stdout, highlight=False)
    if order.as_json:
        return nullcontext(JsonAudience())
    if console.is_terminal:
        return live_audience(console, order.settings)
    return nullcontext(PlainAudience())
