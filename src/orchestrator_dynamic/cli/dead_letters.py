"""`orq dead-letters`: what could not be taken in, why, and handing it in again."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from orchestrator_dynamic.bootstrap.records import opened_store, requeue
from orchestrator_dynamic.cli.api_client import TokenFile, Url, calling
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.cli.failures import NOT_WELL
from orchestrator_dynamic.cli.operate import quiet_settings
from orchestrator_dynamic.cli.options import AsJson, DataDir, settings_in_force
from orchestrator_dynamic.cli.printing import (
    DASH,
    Column,
    as_mapping,
    counted,
    exact_moment,
    moment,
    print_heading,
    print_json,
    print_pairs,
    print_table,
    readable,
    say,
    unusable,
)
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Finding, Misconfigured
from orchestrator_dynamic.ports.dead_letters import DeadLetter, DeadLetterPage
from orchestrator_dynamic.ports.orchestrator import Receipt, Reception
from orchestrator_dynamic.ports.store import PAGE_MAX, NotFound

_EXAMPLES = """
Examples:

orq dead-letters

orq dead-letters 3

orq dead-letters --requeue 3
"""

# The beginning of a body: enough to recognise its sender and what it was about.
BODY_SHOWN = 2_000


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="dead-letters", epilog=_EXAMPLES)(dead_letters)


def dead_letters(
    letter_id: Annotated[
        int | None,
        typer.Argument(metavar="[ID]", help="Show this one in full.", show_default=False, min=1),
    ] = None,
    requeue_id: Annotated[
        int | None,
        typer.Option(
            "--requeue",
            metavar="ID",
            min=1,
            help="Hand this one in again, byte for byte, after what was wrong has been mended "
            "(a setting, a bound). Without --url no other engine may run on the data directory.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="At most this many.", min=1, max=PAGE_MAX)] = 20,
    after: Annotated[
        str | None, typer.Option(help="Go on after a page; it says with what.", metavar="CURSOR")
    ] = None,
    data_dir: DataDir = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first; show one, or hand one in again."""
    if letter_id is not None and requeue_id is not None:
        raise Misconfigured("name one dead letter: to show it, or after --requeue to hand it in")
    try:
        if requeue_id is not None:
            _requeue(requeue_id, data_dir, url, token_file, as_json)
        elif letter_id is not None:
            _show(letter_id, data_dir, as_json)
        else:
            _list(limit, after, data_dir, as_json)
    except NotFound as error:
        raise unusable(error, "`orq dead-letters` lists them") from error


def _list(limit: int, after: str | None, data_dir: Path | None, as_json: bool) -> None:
    page = run_in_loop(_page(settings_in_force(data_dir), limit, after))
    if as_json:
        print_json(page)
        return
    if not page.letters:
        say("No dead letter.")
        return
    _tell_page(page)


async def _page(settings: Settings, limit: int, after: str | None) -> DeadLetterPage:
    async with opened_store(settings) as store:
        return await store.dead_letters(limit=limit, after=after)


def _tell_page(page: DeadLetterPage) -> None:
    columns = [
        Column("id", right=True),
        Column("at", whole=True),
        Column("reason", whole=True),
        Column("source"),
        Column("size", right=True),
        Column("requeued"),
        Column("first finding"),
    ]
    print_table(
        columns,
        [
            [
                str(letter.id),
                moment(letter.at),
                letter.reason,
                letter.source,
                f"{letter.size:,}",
                letter.requeue_outcome or DASH,
                _first(letter.findings),
            ]
            for letter in page.letters
        ],
    )
    if page.next is not None:
        say(f"There are more: --after {page.next}")


def _first(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return DASH
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return readable(findings[0].message) + more


def _show(letter_id: int, data_dir: Path | None, as_json: bool) -> None:
    letter, body = run_in_loop(_letter(settings_in_force(data_dir), letter_id))
    if as_json:
        print_json({**as_mapping(letter), "truncated": letter.truncated, "body": body})
        return
    print_pairs(_pairs(letter))
    print_heading(f"Findings ({len(letter.findings)})")
    _tell_findings(letter.findings)
    beginning = body[:BODY_SHOWN]
    print_heading("Body" if len(beginning) == letter.size else f"Body ({len(beginning):,} bytes)")
    for line in beginning.decode(errors="backslashreplace").splitlines():
        say(line)


async def _letter(settings: Settings, letter_id: int) -> tuple[DeadLetter, bytes]:
    async with opened_store(settings) as store:
        return await store.dead_letter(letter_id)


def _pairs(letter: DeadLetter) -> list[tuple[str, str]]:
    kept = f"; only the first {letter.kept:,} are kept" if letter.truncated else ""
    return [
        ("Dead letter", str(letter.id)),
        ("At", exact_moment(letter.at)),
        ("Reason", letter.reason),
        ("Source", letter.source),
        ("Size", f"{counted(letter.size, 'byte')}{kept}"),
        ("SHA-256", letter.sha256),
        *[(f"Header {name}", value) for name, value in letter.headers.items()],
        ("Requeued", _requeued(letter)),
    ]


def _requeued(letter: DeadLetter) -> str:
    if letter.requeued_at is None:
        return ""
    return f"{moment(letter.requeued_at)}: {letter.requeue_outcome}"


def _tell_findings(findings: Iterable[Finding]) -> None:
    columns = [Column("severity"), Column("code"), Column("where"), Column("message")]
    print_table(
        columns, [[one.severity, one.code, one.where, readable(one.message)] for one in findings]
    )


def _instead_of_workflow(receipt: Receipt) -> str:
    if receipt.reception is Reception.SENT_BACK:
        return "whoever consumes its topic takes it in again"
    return f"dead letter again ({receipt.reason})"


def _requeue(
    letter_id: int,
    data_dir: Path | None,
    url: str | None,
    token_file: Path | None,
    as_json: bool,
) -> None:
    if url is not None:
        with calling(url, token_file) as service:
            told = service.post(f"/api/v1/dead-letters/{letter_id}/requeue")
        if as_json:
            print_json(told)
        else:
            word = told["reception"].replace("_", " ")
            say(f"dead letter {letter_id}: {word}; {told['workflow_id'] or told['reason']}")
        if told["reception"] == Reception.DEAD_LETTER:
            raise typer.Exit(NOT_WELL)
        return
    receipt = run_in_loop(requeue(quiet_settings(data_dir), letter_id))
    if as_json:
        print_json(receipt)
    else:
        what = receipt.workflow_id or _instead_of_workflow(receipt)
        say(f"dead letter {letter_id}: {receipt.reception.replace('_', ' ')}; {what}")
        if receipt.reception is Reception.STARTED:
            say("It goes on when `orq run` starts an engine on this data directory.")
        for finding in receipt.findings:
            say(f"  {finding.severity} {finding.code} at {finding.where}: {finding.message}")
    if receipt.reception is Reception.DEAD_LETTER:
        raise typer.Exit(NOT_WELL)
