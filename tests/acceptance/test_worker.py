"""`orq worker` where it cannot begin: one line that says what is missing."""

import signal

import pytest

from tests.acceptance.command import orq, running

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


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--url", "localhost:8080"), "http://host:8080"),
        (("--url", "http://ana:secret@localhost:1"), "ORQ_TOKEN"),
        (("--url", "http://localhost:1", "--group", "tea"), "--group"),
        (("--url", "http://localhost:1", "--token-file", "no-such-file"), "no-such-file"),
        (("--token-file", "token"), "--url"),
        (("--lease", "9"), "--url"),
    ],
)
def test_what_an_address_does_not_go_with_is_named(options: tuple[str, ...], named: str) -> None:
    """A worker over HTTP needs an address, and neither brokers nor a group."""
    ended = orq("worker", "examples.workers.builder:worker", *options)

    assert ended.exit_code == 2
    [line] = ended.err.splitlines()
    assert named in line
    assert "secret" not in line


def test_a_worker_may_be_started_before_its_service() -> None:
    """It waits as long as it takes, and is stopped like any other."""
    reference = "examples.workers.builder:worker"
    with running("worker", reference, "--url", "http://127.0.0.1:1") as waiting:
        assert waiting.process.stderr is not None
        assert b"takes tickets from http://127.0.0.1:1" in waiting.process.stderr.readline()
        ended = waiting.stopped(signal.SIGTERM)

    assert ended.exit_code == 0
