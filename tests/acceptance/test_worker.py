"""`orq worker` where it cannot begin: one line that says what is missing."""

import pytest

from tests.acceptance.command import orq

BROKERS = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
SERVER = {"TEMPORAL_HOST": "127.0.0.1"}


@pytest.mark.parametrize("env", [{}, BROKERS, SERVER], ids=["neither", "no server", "no brokers"])
def test_taking_turns_needs_a_server_and_brokers(env: dict[str, str]) -> None:
    """Without brokers no ticket would reach a worker; the line says what each is for."""
    ended = orq("worker", "temporal", env=env)

    assert ended.exit_code == 2
    [line] = ended.err.splitlines()
    assert "TEMPORAL_HOST" in line
    assert "KAFKA_BOOTSTRAP_SERVERS" in line


def test_a_worker_needs_brokers() -> None:
    """Its tickets come from there."""
    ended = orq("worker", "examples.workers.builder:worker")

    assert ended.exit_code == 2
    [line] = ended.err.splitlines()
    assert "KAFKA_BOOTSTRAP_SERVERS" in line


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("no_such_module:worker", "no_such_module"),
        ("examples.workers.builder:nobody", "nobody"),
        ("nothing", "nothing"),
    ],
)
def test_a_worker_that_is_not_there_is_named(reference: str, named: str) -> None:
    """A misspelt name is a line, not a traceback."""
    ended = orq("worker", reference, env=BROKERS)

    assert ended.exit_code == 2
    [line] = ended.err.splitlines()
    assert named in line
