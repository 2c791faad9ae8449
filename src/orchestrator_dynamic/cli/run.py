"""`orq run`: consolidated decisions in, every one of them brought to an outcome."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.cli.audience import Audience, JsonAudience, PlainAudience
from orchestrator_dynamic.cli.engine_choice import Engine, EngineOption, settings_for
from orchestrator_dynamic.cli.engine_session import Session
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL, told_failure
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.inputs import Input, inputs_named
from orchestrator_dynamic.cli.live import live_audience, shows_displays
from orchestrator_dynamic.cli.options import DataDir
from orchestrator_dynamic.cli.printing import counted
from orchestrator_dynamic.cli.quietness import settings_for_people
from orchestrator_dynamic.cli.run_options import (
    AsObjects,
    FailRate,
    Files,
    OwnWorkers,
    Seed,
    Speed,
    Verbose,
    Workers,
)
from orchestrator_dynamic.cli.stopping import stop_on_signals
from orchestrator_dynamic.cli.vigil import Vigil
from orchestrator_dynamic.cli.workforce import WorkforceOptions, workforce
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.sdk.worker import Worker

if TYPE_CHECKING:
    from orchestrator_dynamic.cli.shared_session import SharedSession

_BEAT_S = 0.2

_EXAMPLES = """
Examples:

orq run examples/decisions/nightly-report.json

orq run examples/decisions --speed max --json

orq run examples/decisions/nightly-report.json --worker examples.workers.builder:worker
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What is to be done, all of it usable."""

    inputs: Sequence[Input]
    workers: Sequence[Worker]
    settings: Settings
    data_dir: Path | None
    as_json: bool
    engine: Engine


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
    engine: EngineOption = None,
) -> None:
    """Bring consolidated decisions to an outcome: all that are given, and all that were begun.

    Everything is kept in the data directory. Interrupted in any way, the same command goes on
    where it was; given again, a decision starts nothing twice and its recorded outcome is told.

    Where KAFKA_BOOTSTRAP_SERVERS is set, tickets go there, and simulated workers only join in where
    --workers asks for them. Where TEMPORAL_HOST is set, plans run there unless --engine embedded.

    Ends with 0 when every plan ended SUCCESS, 1 when one did not or waits for a person,
    2 when the arguments cannot be used, 130 or 143 when it was stopped.
    """
    options = WorkforceOptions(
        references=worker or (), workers=workers, speed=speed, fail_rate=fail_rate, seed=seed
    )
    raise typer.Exit(_carried_out(_order(files, options, data_dir, as_json, verbose, engine)))


def _order(
    files: list[str],
    options: WorkforceOptions,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,
    engine: Engine | None,
) -> _Order:
    """Return what the command line asks for.

    Raises:
        Misconfigured: with everything that is wrong with it.
    """
    complaints: list[str] = []
    settings = settings_for_people(data_dir, complaints, verbose=verbose)
    settings, chosen = settings_for(settings, engine, complaints)
    inputs = inputs_named(files, complaints)
    elsewhere = bool(settings.kafka.bootstrap_servers)
    most = settings.scheduler.max_parallel_tickets
    team = workforce(options, complaints, most, elsewhere=elsewhere)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    return _Order(
        inputs=[one.at_hand() for one in inputs],
        workers=team,
        settings=settings,
        data_dir=data_dir,
        as_json=as_json,
        engine=chosen,
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
        session = await _session(order, audience, stop.asked)
    if session.cut_short:
        plans = counted(session.unfinished, "plan")
        told = f"stopped by {stop.name}, {plans} not ended; the same command goes on from here"
        print(f"orq: {told}", file=sys.stderr)
        return stop.exit_code
    if left := sum(bool(result.remedy) for result in session.results):
        wait = "plan waits" if left == 1 else "plans wait"
        print(f"orq: {left:,} {wait} for people; then the same command goes on", file=sys.stderr)
    return 0 if all(result.well for result in session.results) else NOT_WELL


async def _session(
    order: _Order, audience: Audience, stop: asyncio.Event
) -> "Session | SharedSession":
    """Return a session that has done what it could."""
    settings = order.settings
    streams = (Stream.RESULTS,) if settings.kafka.bootstrap_servers else ()
    if order.engine is Engine.TEMPORAL:
        # Imported here, for its library takes longer than a small plan.
        from orchestrator_dynamic.bootstrap.temporal import shared_application
        from orchestrator_dynamic.cli.shared_session import SharedSession

        async with shared_application(
            settings, takes_turns=True, streams=streams, workers=order.workers
        ) as shared:
            # Behind brokers others keep plans going too, and may have very many.
            takes_up = not settings.kafka.bootstrap_servers
            far = SharedSession(shared, audience, order.data_dir, stop, takes_up=takes_up)
            await far.bring_to_end(order.inputs)
        return far
    async with application(
        settings, workers=order.workers, command="orq run", streams=streams
    ) as app:
        near = Session(app, Vigil(audience, order.data_dir, beat_s=_BEAT_S), stop)
        await near.bring_to_end(order.inputs)
    return near


def _audience(order: _Order) -> AbstractContextManager[Audience]:
    console = Console(file=sys.stdout, highlight=False)
    if order.as_json:
        return nullcontext(JsonAudience())
    if shows_displays(console) and order.engine is Engine.EMBEDDED:
        return live_audience(console, order.settings)
    return nullcontext(PlainAudience())
