"""What people and programs read is what was meant."""

from orchestrator_dynamic.cli.printing import (
    clean,
    counted,
    exact_moment,
    moment,
    plain,
    readable,
)
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Finding, Severity
from tests.support.messages import NOON


def test_moments_are_iso_8601_in_utc() -> None:
    """Whoever compares two logs must not think of time zones."""
    assert moment(NOON) == "2026-01-01T12:00:00Z"
    assert exact_moment(NOON + 7) == "2026-01-01T12:00:00.007Z"
    assert moment(None) == "-"


def test_moments_within_explanations_become_readable() -> None:
    """The core explains in epoch milliseconds; other numbers are left as they are."""
    text = f"was valid until {NOON} (epoch ms), 12345 ms, ticket-1767268800000x"

    assert readable(text) == "was valid until 2026-01-01T12:00:00Z, 12345 ms, ticket-1767268800000x"


def test_control_characters_are_shown_and_not_obeyed() -> None:
    """Text of others must not move the cursor, hide lines, or reverse what is read."""
    assert clean("a\x1b[2Jb\nc\u202ed") == "a\\x1b[2Jb c\\u202ed"
    assert clean("naïve → 漢字 👩‍🚒") == "naïve → 漢字 👩‍🚒"


def test_counts_agree_with_their_nouns() -> None:
    """One ticket, two tickets."""
    assert counted(1, "retry", "retries") == "1 retry"
    assert counted(1_200, "retry", "retries") == "1,200 retries"
    assert counted(0, "task") == "0 tasks"


def test_everything_becomes_plain_for_json() -> None:
    """Records, words of closed lists and bytes alike."""
    finding = Finding("code", Severity.ERROR, "here", "message")

    told = plain({Stage.FAILED: (finding, b"\xffa"), "none": None})

    assert told == {
        "FAILED": [
            {"code": "code", "severity": "error", "where": "here", "message": "message"},
            "\\xffa",
        ],
        "none": None,
    }
