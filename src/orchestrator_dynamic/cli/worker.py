"""`orq worker`: workers of one's own in a process of their own, over brokers or over HTTP."""

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer

from orchestrator_dynamic.cli.api_client import TokenFile, token_in
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import settings_in_force
from orchestrator_dynamic.cli.printing import say_aside
from orchestrator_dynamic.cli.stopping import stay_until_asked, stop_on_signals
from orchestrator_dynamic.cli.worker_session import (
    DrainingTransport,
    TransportOf,
    group_of,
    refuse_unequal,
    resized,
    serve,
)
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.loading import load_workers
from orchestrator_dynamic.sdk.worker import Worker

# Sending what is answered and leaving the group come after what runs has had its time.
_LEAVING_S = 10.0

_EXAMPLES = """
Examples:

orq worker examples.workers.builder:worker

orq worker tea:worker --group tea-desk --concurrency 16

orq worker tea:worker --url http://127.0.0.1:8080

orq worker temporal
"""

# In place of a worker's name: the orchestrator's own work.
TEMPORAL = "temporal"

Reference = Annotated[
    str,
    typer.Argument(
        metavar="MODULE:NAME|temporal",
        help="A Worker, or several in a list; `temporal` takes the turns of plans that a Temporal "
        "server keeps.",
        show_default=False,
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        help="Consumer group: workers that share it share the tickets, so they must be able to do "
        "the same. Default: worker-<worker_id>.",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Take tickets from the `orq serve` at this address, and answer them there; no brokers "
        "are needed then.",
        show_default=False,
    ),
]
Lease = Annotated[
    int | None,
    typer.Option(
        metavar="SECONDS",
        min=5,
        max=3_600,
        help="With --url: after this silence the worker's tickets go to others; 30.",
        show_default=False,
    ),
]
Concurrency = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="How many tickets at once, instead of the worker's own."),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(worker), epilog=_EXAMPLES)(worker)


def worker(
    reference: Reference,
    group: Group = None,
    concurrency: Concurrency = None,
    url: Url = None,
    token_file: TokenFile = None,
    lease: Lease = None,
) -> None:
    """Execute tickets until Ctrl-C or SIGTERM: from Kafka, or with --url over HTTP.

    With `temporal` instead of a worker: take the turns of plans that a Temporal server keeps; any
    number of these may run.

    Needs KAFKA_BOOTSTRAP_SERVERS or --url; a token for the address is read from ORQ_TOKEN or
    --token-file. The orchestrator runs elsewhere; neither waits for the other to start. A stop
    takes nothing new and finishes what runs, at most for SHUTDOWN_TIMEOUT_S; what is not finished
    then, or is cut short in any other way, is given to others.

    Ends with 0 when everything that ran was finished, 1 when something was given up or went
    wrong, 2 when the arguments or settings cannot be used.
    """
    if url is None and (token_file is not None or lease is not None):
        raise Misconfigured("--token-file and --lease are for --url; brokers have settings")
    if url is not None and (group is not None or reference == TEMPORAL):
        raise Misconfigured("--url is for a worker of yours, without --group: there is no group")
    if reference == TEMPORAL:
        raise typer.Exit(run_in_loop(_took_turns(settings_in_force())))
    settings = settings_in_force()
    if url is None and not settings.kafka.bootstrap_servers:
        raise Misconfigured(
            "there is nowhere to take tickets from; set KAFKA_BOOTSTRAP_SERVERS, or give the "
            "--url of an `orq serve`"
        )
    workers = load_workers(reference)
    if concurrency is not None:
        workers = tuple(resized(one, concurrency) for one in workers)
    if url is not None:
        token = token_in(token_file)
        raise typer.Exit(run_in_loop(_served_by_http(settings, workers, url, token, lease)))
    refuse_unequal(workers, group)
    raise typer.Exit(run_in_loop(_served(settings, workers, group)))


async def _took_turns(settings: Settings) -> int:
    """Take plans' turns until stopped."""
    from orchestrator_dynamic.bootstrap.temporal import shared_application

    if settings.temporal.host is None or not settings.kafka.bootstrap_servers:
        needs = "TEMPORAL_HOST keeps the plans, KAFKA_BOOTSTRAP_SERVERS brings tickets to workers"
        raise Misconfigured(f"`orq worker temporal` needs both: {needs}")
    with stop_on_signals(settings.shutdown_timeout_s + _LEAVING_S) as stop:
        told = f"taking turns of the queue {settings.temporal.task_queue}; Ctrl-C stops"
        running = shared_application(settings, takes_turns=True)
        await stay_until_asked(running, stop, lambda _: say_aside(told))
    print(f"orq: stopped by {stop.name}; others go on", file=sys.stderr)
    return 0


async def _served(settings: Settings, workers: tuple[Worker, ...], group: str | None) -> int:
    # Imported here, for the brokers' library takes longer than most commands.
    from orchestrator_dynamic.bootstrap.workers import opened_transport

    def tell() -> None:
        for one in workers:
            profile = one.profile()
            topic, name = settings.kafka.tickets_topic, group_of(profile, group)
            print(f"orq: {one} takes tickets from {topic} in group {name}", file=sys.stderr)

    def transport_of(
        profile: WorkerProfile, group_id: str
    ) -> AbstractAsyncContextManager[DrainingTransport]:
        return opened_transport(settings, profile, group_id)

    return await _worked(settings, workers, transport_of, group, tell)


async def _served_by_http(
    settings: Settings,
    workers: tuple[Worker, ...],
    url: str,
    token: str | None,
    lease_s: int | None,
) -> int:
    # Imported here, for its library takes longer than most commands.
    from orchestrator_dynamic.sdk.http_connection import HttpConnection
    from orchestrator_dynamic.sdk.http_transport import HttpLimits, HttpTransport

    connection = HttpConnection(url=url.rstrip("/"), token=token)
    limits = HttpLimits() if lease_s is None else HttpLimits(lease_s=lease_s)

    def tell() -> None:
        for one in workers:
            print(f"orq: {one} takes tickets from {connection}", file=sys.stderr)

    def transport_of(
        profile: WorkerProfile, group_id: str
    ) -> AbstractAsyncContextManager[DrainingTransport]:
        return HttpTransport(connection, profile=profile, limits=limits)

    return await _worked(settings, workers, transport_of, None, tell)


async def _worked(
    settings: Settings,
    workers: tuple[Worker, ...],
    transport_of: TransportOf,
    group: str | None,
    tell: Callable[[], None],
) -> int:
    with stop_on_signals(settings.shutdown_timeout_s + _LEAVING_S) as stop:
        finished = await serve(
            workers,
            transport_of,
            group,
            stop=stop.asked,
            patience_s=settings.shutdown_timeout_s,
            on_ready=tell,
        )
    if not finished:
        told = f"not everything was finished within {settings.shutdown_timeout_s} s"
        print(f"orq: stopped by {stop.name}; {told}; others are given it", file=sys.stderr)
        return NOT_WELL
    print(f"orq: stopped by {stop.name}; all that ran was finished", file=sys.stderr)
    return 0
