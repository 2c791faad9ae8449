"""`orq serve`: the service, everything embedded in one process unless settings say otherwise."""

import os
import sys
import webbrowser
from collections.abc import Sequence
from typing import Annotated

import typer

from orchestrator_dynamic.cli.engine_choice import EngineOption, settings_for
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import DataDir, settings_in_force
from orchestrator_dynamic.cli.printing import say_aside
from orchestrator_dynamic.cli.stopping import stay_until_asked, stop_on_signals
from orchestrator_dynamic.cli.workforce import WorkforceOptions, workforce
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.sdk.worker import Worker

_EXAMPLES = """
Examples:

orq serve

orq serve --port 0 --worker examples.workers.builder:worker --open

AUTH_TOKENS_FILE=tokens.toml orq serve --host 0.0.0.0
"""

Host = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Listen here (HTTP_HOST, 127.0.0.1).")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Listen on this port (HTTP_PORT, 8080); 0: a free one."),
]
Workers = Annotated[
    list[str] | None,
    typer.Option(
        "--worker",
        metavar="MODULE:NAME",
        help="Worker(s) of yours that execute tickets in this process; may be given more than "
        "once. Default: none, so that tickets wait for workers elsewhere.",
        show_default=False,
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(serve), epilog=_EXAMPLES)(serve)


def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    worker: Workers = None,
    engine: EngineOption = None,
    open_page: Open = False,
) -> None:
    """Serve the HTTP API and the web page, until Ctrl-C or SIGTERM.

    Without settings everything is embedded in this one process. Where KAFKA_BOOTSTRAP_SERVERS is
    set, decisions, results and approvals are consumed as well; where TEMPORAL_HOST is set, plans
    run there. Tickets wait for workers: here (--worker), elsewhere (`orq worker`), or anything
    that speaks HTTP.

    Without identity it answers only on this machine's own address; `orq token` makes the first
    token, and AUTH_TOKENS_FILE or AUTH_OIDC_ISSUER puts identity to use.

    Ends with 0 when it was stopped and all that was taken is durable, 1 when something went wrong,
    2 when it could not be begun.
    """
    settings = settings_in_force(data_dir)
    complaints: list[str] = []
    settings, _ = settings_for(settings, engine, complaints)
    team: Sequence[Worker] | None = None
    if worker:
        team = workforce(WorkforceOptions(references=worker), complaints, 1)
    if complaints:
        raise Misconfigured("\n".join(complaints))
    given = {"host": host, "port": port}
    http = settings.http.model_copy(update={k: v for k, v in given.items() if v is not None})
    settings = settings.model_copy(update={"http": http})
    raise typer.Exit(run_in_loop(_served(settings, team, open_page=open_page)))


async def _served(settings: Settings, workers: Sequence[Worker] | None, *, open_page: bool) -> int:
    # Imported here, for commands that serve nothing do without the web.
    from orchestrator_dynamic.bootstrap.serving import Service, service

    with stop_on_signals(settings.shutdown_timeout_s) as stop:
        running = service(settings, workers=workers, command="orq serve")

        def tell(served: Service) -> None:
            say_aside(f"the page is at {served.address}/, the API at {served.address}/docs")
            say_aside(f"data in {settings.data_dir}; Ctrl-C stops")
            if open_page:
                show_page(f"{served.address}/")

        await stay_until_asked(running, stop, tell)
    print(f"orq: stopped by {stop.name}; all that was taken is durable", file=sys.stderr)
    return 0


def show_page(address: str) -> None:
    """Open `address` in the user's browser, where there is a display to show it on."""
    graphical = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not (graphical and webbrowser.open(address)):
        say_aside(f"no browser could be opened here; open {address}")
