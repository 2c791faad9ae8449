"""`orq token`: tokens are made, shown once, listed without being shown, and taken back."""

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.command import orq

TOKEN = re.compile(r"orq_[A-Za-z0-9_-]{43}\n")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the hashes are kept."""
    return tmp_path / "tokens.toml"


def test_a_token_is_all_that_is_printed_and_its_hash_all_that_is_kept(file: Path) -> None:
    """It can be piped to where it is kept, and a copy of the file is worth nothing."""
    ended = orq("token", "alice", "--scope", "read", "--scope", "approve", "--file", file)

    assert ended.exit_code == 0
    assert TOKEN.fullmatch(ended.out)
    assert ended.out.strip() not in file.read_text()
    assert ended.out.strip() not in ended.err
    assert file.stat().st_mode & 0o777 == 0o600


def test_tokens_are_listed_and_taken_back(file: Path) -> None:
    """One by its fingerprint, as in a rotation, or all of a subject's."""
    env = {"AUTH_TOKENS_FILE": str(file)}
    made = [
        json.loads(orq("token", who, "--scope", "read", *more, "--json", env=env).out)
        for who, more in (("alice", ["--expires", "90d"]), ("alice", []), ("bob", []))
    ]

    listed = json.loads(orq("token", "--list", "--json", env=env).out)
    table = orq("token", "--list", env=env).out
    one = orq("token", "--revoke", made[0]["fingerprint"], env=env)
    rest = json.loads(orq("token", "--revoke", "alice", "--json", env=env).out)

    assert [one["fingerprint"] for one in listed] == [one["fingerprint"] for one in made]
    assert made[0]["expires_at"] - made[0]["created_at"] == 90 * 86_400_000
    assert "token" not in listed[0]
    assert len(table.splitlines()) == 4
    assert one.out == "Revoked 1 token of alice.\n"
    assert [one["fingerprint"] for one in rest] == [made[1]["fingerprint"]]
    assert [
        one["subject"] for one in json.loads(orq("token", "--list", "--json", env=env).out)
    ] == ["bob"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a SUBJECT"),
        (["alice", "--list"], "name a SUBJECT"),
        (["alice"], "say what alice may do"),
        (["alice", "--scope", "rule"], "rule"),
        (["alice", "--scope", "read", "--expires", "soon"], "--expires is 'soon'"),
        (["alice", "--scope", "read", "--expires", "0d"], "allowed is from 1s"),
        (["a\nb", "--scope", "read"], "cannot be a subject"),
        (["--list", "--scope", "read"], "needs a SUBJECT"),
        (["--list"], "cannot be read"),
        (["--revoke", "alice"], "there is no file"),
    ],
)
def test_what_cannot_be_done_is_said(file: Path, arguments: list[str], words: str) -> None:
    """Before anything is written."""
    ended = orq("token", *arguments, "--file", file)

    assert ended.exit_code == 2
    assert words in ended.err
    assert not file.exists()


def test_without_a_file_there_is_nowhere_to_keep_the_hash(tmp_path: Path) -> None:
    """One line says what to set."""
    ended = orq("token", "alice", "--scope", "read", cwd=tmp_path)

    assert ended.exit_code == 2
    assert ended.err == "orq: there is no file of tokens; name one by --file or AUTH_TOKENS_FILE\n"


def test_whoever_has_no_token_cannot_be_revoked(file: Path) -> None:
    """A slip of the fingers must not look like a success."""
    orq("token", "alice", "--scope", "read", "--file", file)

    ended = orq("token", "--revoke", "alcie", "--file", file)

    assert ended.exit_code == 2
    assert "no token of alcie" in ended.err
