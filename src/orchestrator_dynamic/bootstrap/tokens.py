"""Tokens of our own: making one, seeing which there are, taking them back."""

from dataclasses import dataclass
from pathlib import Path
from time import time_ns

from orchestrator_dynamic.adapters.static_tokens import file
from orchestrator_dynamic.adapters.static_tokens.entries import (
    ENTRIES_MAX,
    FINGERPRINT,
    TokenEntry,
    subject_complaint,
)
from orchestrator_dynamic.adapters.static_tokens.token_text import hash_of, new_token
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.identity import Scope

# Ten hexadecimal digits are one of a million million; people copy the twelve that are shown.
_DIGITS_MIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """What is known of a token whose hash is in the file; moments are epoch milliseconds."""

    subject: str
    scopes: tuple[Scope, ...]
    fingerprint: str
    created_at: int | None
    expires_at: int | None
    expired: bool


def issued(
    path: Path, subject: str, scopes: frozenset[Scope], lifetime_ms: int | None
) -> tuple[str, KnownToken]:
    """Return a new token, whose hash is in the file now; the token itself is kept nowhere.

    Raises:
        Misconfigured: the subject is none, or the file cannot be read or written.
        Unavailable: another process is writing the file.
    """
    if complaint := subject_complaint(subject):
        raise Misconfigured(f"{subject!r} cannot be a subject: {complaint}")
    token, now_ms = new_token(), _now_ms()
    entry = TokenEntry(
        subject=subject,
        scopes=scopes,
        sha256=hash_of(token),
        created_at=now_ms,
        expires_at=None if lifetime_ms is None else now_ms + lifetime_ms,
    )
    with file.changing(path) as entries:
        if len(entries) >= ENTRIES_MAX:
            raise Misconfigured(f"{path} has {ENTRIES_MAX} tokens, and takes no more; revoke some")
        entries.append(entry)
    return token, _known(entry, now_ms)


def known(path: Path) -> list[KnownToken]:
    """Return what the file holds, in its order.

    Raises:
        Misconfigured: it cannot be read.
    """
    now_ms = _now_ms()
    return [_known(entry, now_ms) for entry in file.read(path).entries]


def revoked(path: Path, whose: str) -> list[KnownToken]:
    """Take tokens out of the file, and return them.

    Args:
        whose: a subject, all of whose tokens are meant, or the fingerprint of one token.

    Raises:
        Misconfigured: there are none, or the file cannot be read or written.
        Unavailable: another process is writing the file.
    """
    now_ms = _now_ms()
    if not path.exists():
        raise Misconfigured(f"there is no file {path}")
    with file.changing(path) as entries:
        meant = [entry for entry in entries if _is(entry, whose)]
        if not meant:
            raise Misconfigured(f"{path} has no token of {whose}; `orq token --list` shows all")
        entries[:] = [entry for entry in entries if entry not in meant]
    return [_known(entry, now_ms) for entry in meant]


def _is(entry: TokenEntry, whose: str) -> bool:
    if not whose.startswith(FINGERPRINT):
        return entry.subject == whose
    digits = whose.removeprefix(FINGERPRINT).lower()
    return len(digits) >= _DIGITS_MIN and entry.sha256.startswith(digits)


def _known(entry: TokenEntry, now_ms: int) -> KnownToken:
    return KnownToken(
        subject=entry.subject,
        scopes=tuple(scope for scope in Scope if scope in entry.scopes),
        fingerprint=entry.fingerprint,
        created_at=entry.created_at,
        expires_at=entry.expires_at,
        expired=entry.expired(now_ms),
    )


def _now_ms() -> int:
    return time_ns() // 1_000_000
