"""`orq settings`: what is in force, and where each value came from."""

from typing import Annotated

import typer

from orchestrator_dynamic.cli.options import AsJson, DataDir, settings_in_force
from orchestrator_dynamic.cli.printing import DASH, Column, print_json, print_table, say
from orchestrator_dynamic.config.sources import DEFAULT

_EXAMPLES = """
Examples:

orq settings --changed

LOG_LEVEL=debug orq settings --json
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(settings)


def settings(
    changed: Annotated[
        bool, typer.Option("--changed", help="Only those that are not at their default.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show every setting, its value and where that came from; secrets are masked.

    A setting is an environment variable, or a line in the file .env of the current directory.
    """
    rows = settings_in_force(data_dir).table()
    if changed:
        rows = tuple(row for row in rows if row.source != DEFAULT)
    if as_json:
        print_json(rows)
    elif not rows:
        say("Everything is at its default.")
    else:
        columns = [
            Column("setting", whole=True),
            Column("value"),
            Column("from"),
            Column("what it is"),
        ]
        print_table(
            columns, [[row.name, row.value or DASH, row.source, row.description] for row in rows]
        )
