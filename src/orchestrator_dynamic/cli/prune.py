"""`orq prune`: deleting what has ended long ago."""

from dataclasses import fields
from time import time_ns
from typing import Annotated

import typer

from orchestrator_dynamic.bootstrap.records import prunable
from orchestrator_dynamic.bootstrap.records import prune as prune_data
from orchestrator_dynamic.cli.durations import written_ms
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.options import AsJson, DataDir, settings_in_force
from orchestrator_dynamic.cli.printing import (
    Column,
    as_mapping,
    moment,
    print_json,
    print_table,
    say,
)
from orchestrator_dynamic.ports.retention import Pruned

_EXAMPLES = """
Examples:

orq prune --older-than 30d --dry-run

orq prune --older-than 12h
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(prune)


def prune(
    older_than: Annotated[
        str,
        typer.Option(
            metavar="AGE",
            help="What ended longer ago than this: a number and s, m, h, d or w, as in 30d.",
            show_default=False,
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be deleted.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete workflows that ended long ago, with all that belongs to them, and old dead letters.

    What is open is never deleted, nor what was halted by a fault and waits for a person. The ids
    of deleted decisions stay known: sent again, they are repeats and start nothing. An engine may
    run meanwhile; it is not held up. The file does not shrink, its free space is used again.
    Records in MongoDB are no part of this: they go by MONGODB_RETENTION_DAYS.
    """
    before = time_ns() // 1_000_000 - written_ms(older_than, "--older-than")
    settings = settings_in_force(data_dir)
    pruned = prunable(settings, before) if dry_run else run_in_loop(prune_data(settings, before))
    if as_json:
        print_json({"before": before, "dry_run": dry_run, **as_mapping(pruned)})
    else:
        _tell(pruned, before, dry_run)


def _tell(pruned: Pruned, before: int, dry_run: bool) -> None:
    what = "Would be deleted" if dry_run else "Deleted"
    if pruned.total == 0:
        say(f"Nothing is older than {moment(before)}.")
        return
    say(f"{what} of what ended before {moment(before)}:")
    rows = [
        [field.name.replace("_", " "), f"{getattr(pruned, field.name):,}"]
        for field in fields(pruned)
        if getattr(pruned, field.name)
    ]
    print_table([Column("what"), Column("rows", right=True)], rows)
