"""What the demonstration says when it is over: outcomes, time lines, incidents, where to look."""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from orchestrator_dynamic.cli import timeline
from orchestrator_dynamic.cli.plan_results import PlanResult, lines_about
from orchestrator_dynamic.ports.store import Store

_HISTORY = "SELECT moment, task_id, kind, attempt, agent FROM ticket_history ORDER BY at"


async def report_on(results: Iterable[PlanResult], store: Store, console: Console) -> None:
    """Print how each plan went."""
    for result in results:
        _tell_result(result, console)
        if result.record is None:
            continue
        rows = await timeline.rows_of(store, result.record)
        incidents = await store.incidents(result.record)
        console.print(timeline.drawn(rows, console.width))
        console.print(timeline.legend(rows))
        for incident in incidents:
            told = f"incident {incident.incident_type}: {'; '.join(incident.details)}"
            console.print(Text(told, style="red"), soft_wrap=True)


def _tell_result(result: PlanResult, console: Console) -> None:
    style = "bold green" if result.well else "bold magenta"
    title = Text.assemble((f"{result.plan_id} ", "bold"), (result.outcome, style))
    console.print()
    console.print(Rule(title, align="left", style="dim"))
    for line in lines_about(result):
        console.print(Text(line), soft_wrap=True)


def where_to_look(directory: Path, commands: Iterable[Sequence[str]], console: Console) -> None:
    """Print where everything was written, and `commands` that show more of it."""
    where = str(directory)
    told = Text.assemble(("Everything was written to ", "bold"), where, "; look further with:")
    console.print()
    console.print(told, soft_wrap=True)
    database = str(directory / "orchestrator.sqlite3")
    for words in (
        *(("orq", *command, "--data-dir", where) for command in commands),
        ("sqlite3", database, _HISTORY),
    ):
        console.print(Text(f"  {shlex.join(words)}", style="cyan"), soft_wrap=True)
