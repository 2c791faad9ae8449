"""`orq consume` where it cannot begin: one line that says what is missing."""

from pathlib import Path

from tests.acceptance.command import orq


def test_without_brokers_there_is_nothing_to_consume(tmp_path: Path) -> None:
    """The person who started it reads what to set, and no traceback."""
    ended = orq("consume", "--data-dir", tmp_path)

    assert ended.exit_code == 2
    assert ended.err == "orq: there is nothing to consume from; set KAFKA_BOOTSTRAP_SERVERS\n"
    assert list(tmp_path.iterdir()) == [], "nothing was begun"


def test_everything_that_is_missing_is_said_at_once() -> None:
    """Whoever mends one thing after the other starts it as often."""
    ended = orq("consume", "--engine", "temporal")

    assert ended.exit_code == 2
    assert [line.rpartition("; ")[2] for line in ended.err.splitlines()] == [
        "set TEMPORAL_HOST",
        "set KAFKA_BOOTSTRAP_SERVERS",
    ]


def test_a_stream_that_nobody_knows_is_named() -> None:
    """A misspelt stream must not be a stream less."""
    ended = orq("consume", "--only", "tickets")

    assert ended.exit_code == 2
    assert "tickets" in ended.err
    assert "Traceback" not in ended.err
