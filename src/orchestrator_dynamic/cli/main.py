"""`orq`: everything that a person at a terminal, or a script, can ask for.

Exit codes: 0 all is well, 1 it was done but did not end well, 2 it could not be begun.
"""

import io
import sys

import typer

from orchestrator_dynamic.cli import (
    bench,
    consume,
    dead_letters,
    demo,
    doctor,
    operate,
    prune,
    run,
    serve,
    settings,
    submit,
    token,
    topics,
    validate,
    worker,
    workflows,
)
from orchestrator_dynamic.cli.failures import told_failure
from orchestrator_dynamic.errors import OrchestratorError

app = typer.Typer(
    name="orq",
    help="Bring consolidated decisions to an outcome, durably.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for group in (
    demo,
    serve,
    run,
    submit,
    validate,
    workflows,
    operate,
    dead_letters,
    settings,
    doctor,
    prune,
    bench,
    consume,
    worker,
    topics,
    token,
):
    group.register(app)


def main() -> None:
    """Run the command that the arguments name, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or a log that knows no arrow must not end a command.
            stream.reconfigure(errors="replace")
    try:
        app()
    except (OrchestratorError, BaseExceptionGroup, KeyboardInterrupt) as error:
        sys.exit(told_failure(error))
