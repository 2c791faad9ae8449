"""`orq topics`: the topics that we read and write."""

from typing import Annotated

import typer

from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import AsJson, settings_in_force
from orchestrator_dynamic.cli.printing import print_json, say

_EXAMPLES = """
Examples:

orq topics create

orq topics create --partitions 12 --replication 3
"""

Partitions = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10_000,
        help="Of each topic: as many replicas as this can share the work. Default: the brokers'.",
    ),
]
Replication = Annotated[
    int | None,
    typer.Option(min=1, max=100, help="Copies of each message; 3 is usual. Default: the brokers'."),
]


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    topics = typer.Typer(help="The topics that we read and write.", no_args_is_help=True)
    topics.command("create", help=help_of(create), epilog=_EXAMPLES)(create)
    app.add_typer(topics, name="topics")


def create(
    partitions: Partitions = None, replication: Replication = None, as_json: AsJson = False
) -> None:
    """Make the topics that do not exist yet; those that do stay as they are.

    Needs KAFKA_BOOTSTRAP_SERVERS, and the right to create topics. Names are those of the settings.
    """
    from orchestrator_dynamic.bootstrap.topic_making import made_topics

    report = run_in_loop(made_topics(settings_in_force(), partitions, replication))
    if as_json:
        print_json(report)
        return
    for name in report.created:
        say(("created  ", "green"), name)
    for name in report.present:
        say("present  ", name)
