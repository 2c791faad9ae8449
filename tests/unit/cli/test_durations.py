"""Durations as people say them."""

import pytest

from orchestrator_dynamic.cli.durations import spoken


@pytest.mark.parametrize(
    ("duration_ms", "words"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1.0 s"),
        (59_999, "59.9 s"),
        (60_000, "1 min 00 s"),
        (3_599_999, "59 min 59 s"),
        (3_600_000, "1 h 00 min"),
        (360_000_000, "100 h 00 min"),
    ],
)
def test_a_duration_is_as_short_as_it_can_be_read(duration_ms: int, words: str) -> None:
    """Nobody divides by sixty thousand in their head, and nothing reads as sixty seconds."""
    assert spoken(duration_ms) == words
