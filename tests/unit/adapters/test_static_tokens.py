"""Tokens of our own: the file that keeps their hashes, and who is let in by it."""

import logging
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator_dynamic.adapters.static_tokens.entries import (
    TokenEntry,
    TokensFileInvalid,
    read_entries,
    subject_complaint,
    text_of,
)
from orchestrator_dynamic.adapters.static_tokens.file import TokensFileBusy, changing, read
from orchestrator_dynamic.adapters.static_tokens.gatekeeper import StaticTokens
from orchestrator_dynamic.adapters.static_tokens.token_text import has_form, hash_of, new_token
from orchestrator_dynamic.ports.identity import Identity, Principal, Scope, Unauthenticated

NOW = 1_800_000_000_000
READ = frozenset({Scope.READ})
LOGGER = "orchestrator_dynamic.adapters.static_tokens.gatekeeper"


class Hand:
    """A clock that is turned by hand: the moment, and seconds that only rise."""

    def __init__(self) -> None:
        self.ms = NOW

    def now_ms(self) -> int:
        """As the port says."""
        return self.ms

    def steady(self) -> float:
        """Return seconds."""
        return self.ms / 1_000

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.ms += int(seconds * 1_000)


def an_entry(token: str, subject: str = "ada", expires_at: int | None = None) -> TokenEntry:
    """Return what is kept of a token."""
    return TokenEntry(subject=subject, scopes=READ, sha256=hash_of(token), expires_at=expires_at)


def keep(path: Path, *entries: TokenEntry) -> None:
    """Have the file hold these entries and no others."""
    with changing(path) as kept:
        kept[:] = entries


def leave(path: Path, text: str | None) -> None:
    """Write the file as an editor does, in place; None removes it."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "tokens.toml"


async def test_a_token_names_its_subject_and_its_scopes(path: Path) -> None:
    """Among others of the same file."""
    tokens = [new_token() for _ in range(3)]
    keep(path, *(an_entry(token, f"s{number}") for number, token in enumerate(tokens)))
    gate = StaticTokens(path, Hand())

    for number, token in enumerate(tokens):
        assert await gate.principal_of(token) == Principal(f"s{number}", READ, Identity.TOKEN)


@pytest.mark.parametrize(
    "shown",
    [None, "", "orq_", new_token(), "a.b.c", "é", "orq_" + "x" * 10_000, new_token() + "\n"],
    # Drawn anew in each process that runs a part of the tests.
    ids=["none", "empty", "prefix", "unknown", "jwt", "letter", "long", "line"],
)
async def test_nobody_else_is_let_in(path: Path, shown: str | None) -> None:
    """Nor is any part of what was shown repeated."""
    keep(path, an_entry(new_token()))
    gate = StaticTokens(path, Hand())

    with pytest.raises(Unauthenticated) as refused:
        await gate.principal_of(shown)

    assert str(refused.value) in ("a bearer token is needed", "the token is not known")


async def test_the_hash_lets_nobody_in(path: Path) -> None:
    """Whoever reads the file has nothing to show."""
    entry = an_entry(new_token())
    keep(path, entry)
    gate = StaticTokens(path, Hand())

    for shown in (entry.sha256, f"orq_{entry.sha256[:43]}"):
        with pytest.raises(Unauthenticated):
            await gate.principal_of(shown)


async def test_a_token_ends_at_its_moment(path: Path) -> None:
    """A token that was forgotten somewhere is worth nothing after a while."""
    token, clock = new_token(), Hand()
    keep(path, an_entry(token, expires_at=NOW + 1))
    gate = StaticTokens(path, clock)
    await gate.principal_of(token)

    clock.ms += 1

    with pytest.raises(Unauthenticated, match="has expired"):
        await gate.principal_of(token)


async def test_a_token_that_is_taken_back_is_refused_without_a_restart(path: Path) -> None:
    """And a new one is known, a second later at most."""
    old, new, clock = new_token(), new_token(), Hand()
    keep(path, an_entry(old))
    gate = StaticTokens(path, clock, clock.steady)
    await gate.principal_of(old)

    keep(path, an_entry(new, "bob"))
    clock.turn(1)

    with pytest.raises(Unauthenticated, match="not known"):
        await gate.principal_of(old)
    assert (await gate.principal_of(new)).subject == "bob"


async def test_the_last_token_can_be_taken_back(path: Path) -> None:
    """A file without tokens lets nobody in; it is not broken."""
    token, clock = new_token(), Hand()
    keep(path, an_entry(token))
    gate = StaticTokens(path, clock, clock.steady)

    keep(path)
    clock.turn(1)

    with pytest.raises(Unauthenticated):
        await gate.principal_of(token)


@pytest.mark.parametrize("broken", ["[[token]]\nsubject = 1", "not toml", None])
async def test_a_broken_file_changes_nothing_but_the_log(
    path: Path, broken: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A slip of an editor must not lock out everybody; it is told once, not every second."""
    token, clock = new_token(), Hand()
    keep(path, an_entry(token))
    gate = StaticTokens(path, clock, clock.steady)

    leave(path, broken)
    with caplog.at_level(logging.ERROR, LOGGER):
        clock.turn(1)
        await gate.principal_of(token)
        told = len(caplog.records)
        clock.turn(1)
        await gate.principal_of(token)

    assert told >= 1
    assert len(caplog.records) == told

    keep_again = new_token()
    leave(path, text_of([an_entry(keep_again)]))
    clock.turn(1)
    assert (await gate.principal_of(keep_again)).subject == "ada"


def test_every_complaint_comes_at_once() -> None:
    """And none repeats what stands where a hash should be, which may be a token."""
    token = new_token()
    text = f"""
    colour = "red"
    [[token]]
    subject = "sha256:x"
    scopes = ["read", "rule"]
    sha256 = "{token}"
    [[token]]
    subject = "ada\\n"
    scopes = []
    sha256 = "{"a" * 64}"
    expires_at = 2030-01-01
    [[token]]
    scopes = "read"
    sha256 = "{"a" * 64}"
    owner = "me"
    """

    with pytest.raises(TokensFileInvalid) as refused:
        read_entries(text, "f")

    lines = str(refused.value).splitlines()
    assert len(lines) == 11
    assert token not in str(refused.value)
    assert lines[-1] == "f: tokens 2 and 3 are the same token"


@pytest.mark.parametrize(
    "text", ["token = 1", "token = [1]", "[token]", "[[token]]", "x = [[[", "\0"]
)
def test_what_is_no_file_of_tokens_is_refused(text: str) -> None:
    """Whatever it is."""
    with pytest.raises(TokensFileInvalid):
        read_entries(text, "f")


def test_a_file_beyond_its_bounds_is_refused(path: Path) -> None:
    """A log that is named by mistake must not be read whole."""
    path.write_bytes(b"#" * 1_100_000)
    with pytest.raises(TokensFileInvalid, match="larger than"):
        read(path)

    with pytest.raises(TokensFileInvalid, match="at most 1000"):
        read_entries(text_of(an_entry(new_token()) for _ in range(1_001)), "f")


moments = some.none() | some.integers(0, 4_000_000_000_000)


@given(
    subject=some.text(min_size=1, max_size=20).filter(lambda text: not subject_complaint(text)),
    scopes=some.frozensets(some.sampled_from(Scope), min_size=1),
    created_at=moments,
    expires_at=moments,
)
def test_entries_come_back_as_they_were_written(
    subject: str, scopes: frozenset[Scope], created_at: int | None, expires_at: int | None
) -> None:
    """A subject with quotes in it must not become another, nor two."""
    entry = TokenEntry(
        subject=subject,
        scopes=scopes,
        sha256=hash_of(new_token()),
        created_at=created_at,
        expires_at=expires_at,
    )

    assert read_entries(text_of([entry, an_entry("other")]), "f")[0] == entry


def test_the_file_is_its_owners_alone(path: Path) -> None:
    """From its first moment on."""
    keep(path, an_entry(new_token()))

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_a_group_may_read_stays_so(path: Path) -> None:
    """The service may be another user than the one who makes tokens."""
    keep(path)
    path.chmod(0o640)

    keep(path, an_entry(new_token()))

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_others_can_read_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It names who may do what, though nobody can use it."""
    keep(path, an_entry(new_token()))
    path.chmod(0o604)

    StaticTokens(path, Hand())

    assert "can be read by everybody" in caplog.text


def test_a_file_that_everybody_can_write_is_refused(path: Path) -> None:
    """Everybody could let themselves in."""
    keep(path, an_entry(new_token()))
    path.chmod(0o602)

    with pytest.raises(TokensFileInvalid, match="written by everybody"):
        StaticTokens(path, Hand())


def test_two_do_not_write_at_once(path: Path) -> None:
    """The second one's token would be the only one."""
    refused: list[BaseException] = []

    def second() -> None:
        try:
            keep(path)
        except TokensFileBusy as error:
            refused.append(error)

    with changing(path) as entries:
        entries.append(an_entry(new_token()))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    assert len(refused) == 1
    assert len(read(path).entries) == 1


def test_what_goes_wrong_leaves_the_file_as_it_was(path: Path) -> None:
    """Whole, and with nothing beside it but the lock."""
    keep(path, an_entry(new_token()))
    before = path.read_bytes()

    with pytest.raises(TokensFileInvalid), changing(path) as entries:
        entries.append(entries[0])

    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == [".tokens.toml.lock", "tokens.toml"]


def test_a_link_stays_a_link(path: Path) -> None:
    """Files that are mounted into containers are links."""
    real = path.with_name("real.toml")
    keep(real)
    path.symlink_to(real)

    keep(path, an_entry(new_token()))

    assert path.is_symlink()
    assert len(read(real).entries) == 1


def test_tokens_are_long_and_never_the_same() -> None:
    """256 bits each, so that nobody finds one by trying, nor from its hash."""
    tokens = {new_token() for _ in range(1_000)}

    assert len(tokens) == 1_000
    assert all(has_form(token) and len(token) == 47 for token in tokens)
