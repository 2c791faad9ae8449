"""`orq worker`: workers of one's own in a process of their own, with the brokers between."""

import sys
from functools import partial
from typing import Annotated

import typer

from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import settings_in_force
from orchestrator_dynamic.cli.printing import say_aside
from orchestrator_dynamic.cli.stopping import stay_until_asked, stop_on_signals
from orchestrator_dynamic.cli.worker_session import group_of, refuse_unequal, resized, serve
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.sdk.loading import load_workers
from orchestrator_dynamic.sdk.worker import Worker

# Sending what is answered and leaving the group come after what runs has had its time.
_LEAVING_S = 10.0

_EXAMPLES = """
Examples:

orq worker examples.workers.builder:worker

orq worker tea:worker --group tea-desk --concurrency 16

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
Concurrency = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="How many tickets at once, instead of the worker's own."),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(worker), epilog=_EXAMPLES)(worker)


def worker(reference: Reference, group: Group = None, concurrency: Concurrency = None) -> None:
    """Execute tickets from Kafka until Ctrl-C or SIGTERM, and answer them there.

    With `temporal` instead of a worker: take the turns of plans that a Temporal server keeps; any
    number of these may run.

    Needs KAFKA_BOOTSTRAP_SERVERS. The orchestrator runs elsewhere; neither waits for the other to
    start. A stop takes nothing new and finishes what runs, at most for SHUTDOWN_TIMEOUT_S; what
    is not finished then, or is cut short in any other way, is delivered again to others.

    Ends with 0 when everything that ran was finished, 1 when something was given up or went
    wrong, 2 when the arguments or settings cannot be used.
    """
    if reference == TEMPORAL:
        raise typer.Exit(run_in_loop(_took_turns(settings_in_force())))
    settings = settings_in_force()
    workers = load_workers(reference)
    if concurrency is not None:
        workers = tuple(resized(one, concurrency) for one in workers)
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
        await stay_until_asked(running, stop, partial(say_aside, told))
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

    with stop_on_signals(settings.shutdown_timeout_s + _LEAVING_S) as stop:
        finished = await serve(
            workers,
            lambda profile, group_id: opened_transport(settings, profile, group_id),
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
