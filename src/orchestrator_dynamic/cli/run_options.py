"""The options of `orq run`; numbers come as text, so that all that is wrong is said at once."""

from typing import Annotated

import typer

from orchestrator_dynamic.cli.workforce import DEFAULT_SPEED

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
