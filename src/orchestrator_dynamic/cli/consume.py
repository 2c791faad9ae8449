"""`orq consume`: take decisions, results and approvals off Kafka, for as long as it runs."""

import sys
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import typer

from orchestrator_dynamic.cli.engine_choice import Engine, EngineOption, settings_for
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import DataDir, settings_in_force
from orchestrator_dynamic.cli.printing import say_aside
from orchestrator_dynamic.cli.stopping import stay_until_asked, stop_on_signals
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import Misconfigured

_EXAMPLES = """
Examples:

orq consume

orq consume --only results --only approvals

orq consume --engine temporal --with-turns
"""

Only = Annotated[
    list[Stream] | None,
    typer.Option(help="Take only this; may be given more than once. Default: everything."),
]
WithTurns = Annotated[
    bool,
    typer.Option(
        "--with-turns",
        help="Take plans' turns in this process too, as `orq worker temporal` does. The embedded "
        "engine always does.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(consume), epilog=_EXAMPLES)(consume)


def consume(
    data_dir: DataDir = None,
    engine: EngineOption = None,
    only: Only = None,
    with_turns: WithTurns = False,
) -> None:
    """Take decisions, results and approvals off Kafka until Ctrl-C or SIGTERM.

    Needs KAFKA_BOOTSTRAP_SERVERS. With TEMPORAL_HOST any number of these may run, and plans go on
    wherever `orq worker temporal` runs. Without it this process is the engine, and the only one in
    its consumer group: a second one is refused.

    Ends with 0 when it was stopped and all that was taken is durable, 1 when something went wrong,
    2 when it could not be begun.
    """
    settings = settings_in_force(data_dir)
    complaints: list[str] = []
    settings, chosen = settings_for(settings, engine, complaints)
    if not settings.kafka.bootstrap_servers:
        complaints.append("there is nothing to consume from; set KAFKA_BOOTSTRAP_SERVERS")
    if complaints:
        raise Misconfigured("\n".join(complaints))
    streams = tuple(dict.fromkeys(only or Stream))
    raise typer.Exit(run_in_loop(_consumed(settings, chosen, streams, with_turns)))


async def _consumed(
    settings: Settings, engine: Engine, streams: tuple[Stream, ...], with_turns: bool
) -> int:
    with stop_on_signals(settings.shutdown_timeout_s) as stop:
        group, what = settings.kafka.consumer_group_id, ", ".join(streams)
        told = f"consuming {what} in group {group} for the {engine} engine"
        running = _running(settings, engine, streams, with_turns)
        await stay_until_asked(running, stop, lambda _: say_aside(f"{told}; Ctrl-C stops"))
    print(f"orq: stopped by {stop.name}; all that was taken is durable", file=sys.stderr)
    return 0


def _running(
    settings: Settings, engine: Engine, streams: tuple[Stream, ...], with_turns: bool
) -> AbstractAsyncContextManager[object]:
    if engine is Engine.TEMPORAL:
        from orchestrator_dynamic.bootstrap.temporal import shared_application

        return shared_application(settings, takes_turns=with_turns, streams=streams)
    from orchestrator_dynamic.bootstrap.embedded import application

    return application(settings, workers=None, command="orq consume", streams=streams)
