"""`orq token`: tokens of our own for those who may do something."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from orchestrator_dynamic.cli.durations import written_ms
from orchestrator_dynamic.cli.help_text import help_of
from orchestrator_dynamic.cli.options import AsJson, settings_in_force
from orchestrator_dynamic.cli.printing import (
    Column,
    as_mapping,
    counted,
    moment,
    print_json,
    print_table,
    say,
    say_aside,
)
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.identity import Scope

_EXAMPLES = """
Examples:

orq token alice --scope read --scope approve --expires 90d --file tokens.toml

(umask 077; orq token nightly-job --scope read --scope operate > job.token)

orq token --list

orq token --revoke alice

orq token --revoke sha256:1f0c5a9be27d
"""

# A century; whoever wants it for good leaves the option away.
_LIFETIME_MAX_MS = 36_525 * 86_400_000

Subject = Annotated[
    str | None,
    typer.Argument(
        metavar="SUBJECT",
        help="Whom the audit shall name: a person, a job or a worker.",
        show_default=False,
    ),
]
Scopes = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What it may do; repeat it for several.", show_default=False),
]
TokensFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help="File of hashed tokens; default: AUTH_TOKENS_FILE.",
        dir_okay=False,
        show_default=False,
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(
        metavar="AGE",
        help="How long it is valid: a number and s, m, h, d or w, as in 90d. Default: for good.",
        show_default=False,
    ),
]
List = Annotated[bool, typer.Option("--list", help="Show which there are; never the tokens.")]
Revoke = Annotated[
    str | None,
    typer.Option(
        metavar="WHOSE",
        help="Take back all tokens of a subject, or the one with a fingerprint of --list.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(help=help_of(token), epilog=_EXAMPLES)(token)


def token(
    subject: Subject = None,
    scopes: Scopes = None,
    file: TokensFile = None,
    expires: Expires = None,
    show_list: List = False,
    revoke: Revoke = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it, once: the file keeps its hash alone.

    Scopes are read (see everything), operate (submit, cancel, pause, retry), approve (approve and
    reject) and work (take tickets and report on them); none includes another. A service that runs
    takes note of a change within about a second, so that a token that is taken back is refused.
    """
    if sum((subject is not None, show_list, revoke is not None)) != 1:
        raise Misconfigured("name a SUBJECT to make a token for, or use --list or --revoke")
    if subject is None and (scopes or expires):
        raise Misconfigured("--scope and --expires are for a new token, which needs a SUBJECT")
    path = _path(file)
    if subject is not None:
        _issue(path, subject, scopes or [], expires, as_json)
    elif revoke is not None:
        _revoke(path, revoke, as_json)
    else:
        _list(path, as_json)


def _path(file: Path | None) -> Path:
    path = file or settings_in_force().identity.tokens_file
    if path is None:
        raise Misconfigured("there is no file of tokens; name one by --file or AUTH_TOKENS_FILE")
    return path


def _issue(
    path: Path, subject: str, scopes: Sequence[Scope], expires: str | None, as_json: bool
) -> None:
    from orchestrator_dynamic.bootstrap.tokens import issued

    if not scopes:
        raise Misconfigured(f"say what {subject} may do: --scope, one of {', '.join(Scope)}")
    lifetime_ms = None if expires is None else written_ms(expires, "--expires")
    if lifetime_ms is not None and not 0 < lifetime_ms <= _LIFETIME_MAX_MS:
        raise Misconfigured(f"--expires is {expires!r}; allowed is from 1s to a century")
    text, about = issued(path, subject, frozenset(scopes), lifetime_ms)
    if as_json:
        print_json({"token": text, "file": str(path), **as_mapping(about)})
        return
    # Nothing but the token, so that it can be sent on to where it is kept.
    print(text, flush=True)
    until = f", until {moment(about.expires_at)}" if about.expires_at else ""
    say_aside(f"{subject} may {', '.join(about.scopes)}{until}; {path} keeps the hash alone")
    if sys.stdout.isatty():
        say_aside("keep the token now: nobody can show it again")


def _list(path: Path, as_json: bool) -> None:
    from orchestrator_dynamic.bootstrap.tokens import known

    tokens = known(path)
    if as_json:
        print_json(tokens)
        return
    if not tokens:
        say("No token.")
        return
    columns = [
        Column("subject"),
        Column("scopes"),
        Column("fingerprint", whole=True),
        Column("created", whole=True),
        Column("expires", whole=True),
    ]
    rows = [
        [
            one.subject,
            ",".join(one.scopes),
            one.fingerprint,
            moment(one.created_at),
            "EXPIRED" if one.expired else moment(one.expires_at),
        ]
        for one in tokens
    ]
    print_table(columns, rows)


def _revoke(path: Path, whose: str, as_json: bool) -> None:
    from orchestrator_dynamic.bootstrap.tokens import revoked

    gone = revoked(path, whose)
    if as_json:
        print_json(gone)
    else:
        say(f"Revoked {counted(len(gone), 'token')} of {gone[0].subject}.")
