"""`orq demo`: two plans of a tea shop, run by the real service on a real data directory."""

import asyncio
import math
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from orchestrator_dynamic.bootstrap.embedded import Application
from orchestrator_dynamic.bootstrap.tokens import issued
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
from orchestrator_dynamic.cli.serve import show_page
from orchestrator_dynamic.cli.stopping import Stop, stop_on_signals
from orchestrator_dynamic.cli.vigil import Vigil
from orchestrator_dynamic.config.http import HttpSettings
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.identity import Scope
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.simulation.simulated_worker import simulated_worker

RELEASE, SALE = "release-train", "spring-sale"
INTENDED = {RELEASE: Outcome.SUCCESS, SALE: Outcome.COMPENSATED}

_SPEED = 60.0
_BEAT_S = 0.125
# The approver is quicker, unless something went wrong; a person at the page takes their time.
_PATIENCE_S, _PATIENCE_OF_PEOPLE_S = 10.0, math.inf
_PLAIN_WIDTH = 110
_DEMOS_MAX = 9_999

# Who looks at the page: one may do all that people do, the other may only look.
_AUDIENCE = (
    ("you", frozenset({Scope.READ, Scope.OPERATE, Scope.APPROVE})),
    ("a-reader", frozenset({Scope.READ})),
)
_WHOSE = ("The page:          ", "To look at only:   ")

# What the demonstration shows must not depend on how things are set here.
_SETTLED = {"FAILURE_POLICY": "compensate", "RETRY_OWNER": "orchestrator"}

_LOOK_FURTHER = (("show", RELEASE), ("show", SALE, "--task", "charge-test-card"))

_EXAMPLES = """
Examples:

orq demo

orq demo --data-dir elsewhere --no-open
"""

NoOpen = Annotated[bool, typer.Option("--no-open", help="Leave the browser alone.")]
Here = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Serve the page here; default: a free port."),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(demo), epilog=_EXAMPLES)(demo)


def demo(data_dir: DataDir = None, port: Here = None, no_open: NoOpen = False) -> None:
    """Show two plans run from decision to outcome, here and now, on a page and at the terminal.

    One releases a web shop: a parallel part, a join, a test that fails once and is tried again, a
    destructive step that waits for a person. The other opens a sale, fails for good, and what it
    had done is undone in reverse order. The engine, the journal, the page and the workers' protocol
    are the real ones; only what the workers do is pretended.

    At a terminal the person is you: approve the step on the page, and press Ctrl-C when you have
    seen enough. Elsewhere a pretended person approves, and it ends when both plans have ended.

    Everything is written to a fresh directory demo-1, demo-2, … in the data directory.
    """
    complaints: list[str] = []
    settings = settings_for_people(data_dir, complaints, quiet="ERROR", overrides=_SETTLED)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    directory = _fresh_directory(settings.data_dir)
    identity = IdentitySettings(tokens_file=directory / "tokens.toml")
    http = HttpSettings(port=port or 0)
    settled = settings.model_copy(
        update={"data_dir": directory, "identity": identity, "http": http}
    )
    raise typer.Exit(run_in_loop(_play(alone_here(settled), open_page=not no_open)))


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


async def _play(settings: Settings, *, open_page: bool) -> int:
    """Return the exit code."""
    # Imported here, for commands that serve nothing do without the web.
    from orchestrator_dynamic.bootstrap.serving import service

    console = Console(file=sys.stdout, highlight=False)
    if not _for_people():
        console.width = _PLAIN_WIDTH
    directory = settings.data_dir
    tokens = [_token(settings, *one) for one in _AUDIENCE]
    console.print(f"Two plans of a tea shop; everything is written to {directory}.", soft_wrap=True)
    with stop_on_signals(settings.shutdown_timeout_s) as stop:
        async with service(settings, workers=_workers(), command="orq demo") as served:
            app = served.embedded
            if app is None:
                raise Misconfigured("the demonstration runs on the embedded engine alone")
            _tell_page(console, served.address, tokens, open_page=open_page)
            session = await _both_plans(app, console, settings, stop)
            if session.cut_short:
                print(f"orq: stopped by {stop.name}; see {directory}", file=sys.stderr)
                return stop.exit_code
            await report_on(_in_order(session.results), app.store, console)
            where_to_look(directory, _LOOK_FURTHER, console)
            if _for_people():
                console.print("\nThe page stays until you press Ctrl-C.", style="bold")
                await stop.asked.wait()
    return 0 if _as_intended(session.results) else NOT_WELL


async def _both_plans(
    app: Application, console: Console, settings: Settings, stop: Stop
) -> Session:
    """Return a session in which both plans have ended, unless it was stopped."""
    inputs = [Input(name, partial(example_decision, name)) for name in INTENDED]
    with demo_audience(console, settings, _SPEED) as audience:
        patience_s = _PATIENCE_OF_PEOPLE_S if _for_people() else _PATIENCE_S
        vigil = Vigil(audience, settings.data_dir, beat_s=_BEAT_S, patience_s=patience_s)
        session = Session(app, vigil, stop.asked)
        async with asyncio.TaskGroup() as tasks:
            approving = [] if _for_people() else [approve_what_waits(app, audience)]
            approvers = [tasks.create_task(one) for one in approving]
            await session.bring_to_end(inputs)
            for approver in approvers:
                approver.cancel()
    return session


def _for_people() -> bool:
    """Whether somebody is there to approve and to press Ctrl-C.

    The console does not know: FORCE_COLOR, which many builds set, makes it take a pipe for one.
    """
    return sys.stdout.isatty()


def _token(settings: Settings, subject: str, scopes: frozenset[Scope]) -> str:
    if settings.identity.tokens_file is None:
        raise Misconfigured("the demonstration needs a file for its tokens")
    return issued(settings.identity.tokens_file, subject, scopes, None)[0]


def _tell_page(console: Console, address: str, tokens: Sequence[str], *, open_page: bool) -> None:
    """Say where the page is; the tokens are of this demonstration, and open nothing else."""
    if not _for_people():
        console.print(Text(f"The page: {address}/"), soft_wrap=True)
        return
    pages = [f"{address}/#token={token}" for token in tokens]
    for words, page, style in zip(_WHOSE, pages, ("cyan", "dim cyan"), strict=True):
        console.print(Text.assemble((words, "bold"), (page, style)), soft_wrap=True)
    if open_page:
        show_page(pages[0])


def _in_order(results: Iterable[PlanResult]) -> list[PlanResult]:
    order = list(INTENDED)
    return sorted(results, key=lambda result: order.index(result.source))


def _as_intended(results: Sequence[PlanResult]) -> bool:
    return {result.plan_id: result.outcome for result in results} == INTENDED
