"""The file of hashed tokens, as text and as entries.

A table of TOML for each token: `subject`, `scopes` and `sha256`, and if wanted `created_at` and
`expires_at`, moments with an offset from UTC.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.identity import Scope

# The audit names subjects, and so do people; OIDC allows no longer ones either.
SUBJECT_MAX = 255
FINGERPRINT = "sha256:"
_FINGERPRINT_DIGITS = 12

# Each request is compared with all of them. Where more are needed, an issuer does it better.
ENTRIES_MAX = 1_000

_HASH = re.compile(r"[0-9a-f]{64}")
_FIELDS = ("subject", "scopes", "sha256", "created_at", "expires_at")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADER = """\
# Who is let in: hashes of tokens, never tokens. Made by `orq token`, which keeps no comments.
"""


class TokensFileInvalid(Misconfigured):
    """The file of tokens is not what it must be; one line for each complaint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEntry:
    """What is kept of one token; moments are epoch milliseconds, UTC."""

    subject: str
    scopes: frozenset[Scope]
    sha256: str
    created_at: int | None = None
    expires_at: int | None = None

    @property
    def fingerprint(self) -> str:
        """What tells it from other tokens of the subject; no secret."""
        return FINGERPRINT + self.sha256[:_FINGERPRINT_DIGITS]

    def expired(self, now_ms: int) -> bool:
        """Return whether it is let in no more."""
        return self.expires_at is not None and self.expires_at <= now_ms


def read_entries(text: str, place: str) -> tuple[TokenEntry, ...]:
    """Return the entries that `text` holds, in its order; none are none.

    Args:
        place: where the text is from, for complaints.

    Raises:
        TokensFileInvalid: with every complaint at once.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise TokensFileInvalid(f"{place} cannot be read as TOML: {error}") from error
    tables = document.pop("token", [])
    complaints = [f"{place}: {name} is not known; each token is a [[token]]" for name in document]
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise TokensFileInvalid("\n".join([*complaints, f"{place}: write each token as [[token]]"]))
    if len(tables) > ENTRIES_MAX:
        complaints.append(f"{place} has {len(tables)} tokens; at most {ENTRIES_MAX} are allowed")
    for number, table in enumerate(tables, 1):
        complaints += [f"{place}: token {number}: {words}" for words in _complaints_about(table)]
    complaints += [f"{place}: {words}" for words in _repeated(tables)]
    if complaints:
        raise TokensFileInvalid("\n".join(complaints))
    return tuple(_entry(table) for table in tables)


def text_of(entries: Iterable[TokenEntry]) -> str:
    """Return `entries` as the text of a file; reading it gives them back."""
    return "\n".join([_HEADER, *map(_table, entries)])


def subject_complaint(subject: object) -> str | None:
    """Return what is wrong with a subject, or None."""
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_MAX:
        return f"subject must be a text of 1 to {SUBJECT_MAX} characters"
    if not subject.isprintable() or subject != subject.strip():
        return "subject must be one line of printable characters, without spaces around it"
    if subject.startswith(FINGERPRINT):
        return f"subject must not begin with {FINGERPRINT}, as the fingerprints of tokens do"
    return None


def _complaints_about(table: Mapping[str, Any]) -> Iterator[str]:
    for name in table:
        if name not in _FIELDS:
            yield f"{name} is not known; there are {', '.join(_FIELDS)}"
    if complaint := subject_complaint(table.get("subject")):
        yield complaint
    yield from _about_scopes(table.get("scopes"))
    digest = table.get("sha256")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest):
        # What is written there is not repeated: it may be the token itself.
        yield "sha256 must be the token's SHA-256, as 64 hexadecimal digits in lower case"
    for name in ("created_at", "expires_at"):
        moment = table.get(name)
        if moment is not None and not (isinstance(moment, datetime) and moment.tzinfo):
            yield f"{name} must be a moment with its offset from UTC, as in 2030-01-31T12:00:00Z"


def _about_scopes(scopes: object) -> Iterator[str]:
    known = tuple(Scope)
    if not isinstance(scopes, list) or not scopes:
        yield f"scopes must be a list of some of {', '.join(known)}"
        return
    for scope in scopes:
        if scope not in known:
            yield f"scope {scope!r} is not known; there are {', '.join(known)}"


def _repeated(tables: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    first: dict[object, int] = {}
    for number, table in enumerate(tables, 1):
        digest = table.get("sha256")
        if isinstance(digest, str) and first.setdefault(digest, number) != number:
            yield f"tokens {first[digest]} and {number} are the same token"


def _entry(table: Mapping[str, Any]) -> TokenEntry:
    return TokenEntry(
        subject=table["subject"],
        scopes=frozenset(Scope(scope) for scope in table["scopes"]),
        sha256=table["sha256"],
        created_at=_epoch_ms(table.get("created_at")),
        expires_at=_epoch_ms(table.get("expires_at")),
    )


def _table(entry: TokenEntry) -> str:
    scopes = ", ".join(f'"{scope}"' for scope in Scope if scope in entry.scopes)
    lines = [
        "[[token]]",
        # For what is printable, JSON's spelling of a text is TOML's.
        f"subject = {json.dumps(entry.subject, ensure_ascii=False)}",
        f"scopes = [{scopes}]",
        f'sha256 = "{entry.sha256}"',
    ]
    moments = {"created_at": entry.created_at, "expires_at": entry.expires_at}
    lines += [f"{name} = {_moment(at)}" for name, at in moments.items() if at is not None]
    return "\n".join(lines) + "\n"


def _epoch_ms(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def _moment(at: int) -> str:
    text = (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
