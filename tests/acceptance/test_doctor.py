"""`orq doctor` finds what is wrong before it costs anybody a night."""

import asyncio
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import lease
from orchestrator_dynamic.adapters.sqlite.database import FILE_NAME
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import DeadLetterRecord, FactRecord, MessageRecord
from tests.support.command_line import Finished, orq
from tests.support.engines import a_message, a_worker, an_engine, run_to_end
from tests.support.ledgers import NOON, a_plan_on_record, a_workflow, committed

DATA = ".orchestrator-dynamic"


def check(done: Finished, name: str) -> dict[str, str]:
    """Return the one check of this name."""
    [found] = [one for one in done.object["checks"] if one["name"] == name]
    return dict(found)


def checked(at: Path, **settings: str) -> Finished:
    """Run the doctor for programs."""
    return orq("doctor", "--json", at=at, stdin=b"", **settings)


@pytest.fixture
def well(tmp_path: Path) -> Path:
    """Return a place where a plan has run and ended."""

    async def live() -> None:
        async with an_engine(tmp_path / DATA, a_worker()) as app:
            await run_to_end(app, a_message())

    asyncio.run(live())
    return tmp_path


def test_where_all_is_well_each_line_says_so(well: Path) -> None:
    """A person sees at once that there is nothing to do."""
    done = orq("doctor", at=well)

    assert done.code == 0
    lines = [line for line in done.lines if line]
    names = [line[9:25].strip() for line in lines if line.startswith(("ok", "warning", "problem"))]
    for name in ("data directory", "disk", "clock", "records", "schema", "engine", "plans"):
        assert name in names
    assert not any(line.startswith("problem") for line in lines)
    assert any("a durable write took" in line for line in lines)


def test_before_the_first_run_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    """The doctor is what a newcomer tries first."""
    done = checked(tmp_path)

    assert done.code == 0
    assert "the first `orq run` makes it" in check(done, "data directory")["finding"]
    assert list(tmp_path.iterdir()) == []


def test_impossible_settings_are_problems(well: Path) -> None:
    """Each of them, and the rest is looked at all the same."""
    done = checked(well, SLA_WARNING_SHARE="3", PLAN_TASKS_MAX="none")

    settings = [one for one in done.object["checks"] if one["name"] == "settings"]
    assert done.code == 1
    assert [one["verdict"] for one in settings] == ["problem", "problem"]
    assert check(done, "records")["verdict"] == "ok"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_every_service_that_is_set_is_tried(well: Path) -> None:
    """A service that is away is told of before the first plan finds out, and each by itself."""
    nobody = free_port()
    done = checked(
        well,
        KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{nobody}",
        SCHEMA_REGISTRY_URL=f"http://127.0.0.1:{nobody}",
        MONGODB_URI=f"mongodb://127.0.0.1:{nobody}",
        TEMPORAL_HOST="127.0.0.1",
        TEMPORAL_PORT=str(nobody),
        REDIS_CLUSTER_NODES=f"127.0.0.1:{nobody}",
    )

    checks = done.object["checks"]
    troubles = {one["name"].split()[0] for one in checks if one["verdict"] == "problem"}
    assert done.code == 1
    assert troubles == {"kafka", "schema", "mongodb", "temporal"}
    assert check(done, "redis nodes")["verdict"] == "warning"
    assert all(one["remedy"] for one in checks if one["verdict"] != "ok")


def test_damaged_records_are_a_problem(well: Path) -> None:
    """Better now than in the middle of a plan."""
    path = well / DATA / FILE_NAME
    path.write_bytes(b"noise" * 10_000)

    done = checked(well)

    assert done.code == 1
    assert done.object["verdict"] == "problem"
    assert "backup" in check(done, "records")["remedy"]


def test_a_clock_behind_the_journal_is_a_problem(tmp_path: Path) -> None:
    """Deadlines would stand still until it has caught up."""
    future = FactRecord(1, 2, 2**42, "time_passed", 1, "{}")
    committed(tmp_path / DATA, a_plan_on_record(a_workflow()), Batch(facts=[future]))

    done = checked(tmp_path)

    assert done.code == 1
    assert "before the last journal entry" in check(done, "clock")["finding"]


def test_what_wants_a_look_is_a_warning(tmp_path: Path) -> None:
    """With what to do; the exit code stays 0, for nothing is broken."""
    letter = DeadLetterRecord(NOON, "not_json", "test", "[]", "{}", 1, "hash", b"x")
    committed(
        tmp_path / DATA,
        a_plan_on_record(a_workflow(1)),
        a_plan_on_record(a_workflow(2, phase="HALTED")),
        Batch(
            dead_letters=[letter, letter],
            messages=[MessageRecord("frames", "f", "{}", NOON, None)],
        ),
    )

    done = checked(tmp_path)

    assert done.code == 0
    assert "2 open plans; no engine runs" in check(done, "plans")["finding"]
    assert check(done, "halted plans")["verdict"] == "warning"
    assert "2 dead letters" in check(done, "dead letters")["finding"]
    assert "1 message not sent" in check(done, "buffered")["finding"]
    assert all(one["remedy"] for one in done.object["checks"] if one["verdict"] != "ok")


def test_the_engine_that_runs_is_named(well: Path) -> None:
    """Whoever looks after a machine wants to know what works on it."""
    with lease.held(well / DATA, "orq run", "2026-01-01T12:00:00Z"):
        done = checked(well)

    assert f"process {os.getpid()}" in check(done, "engine")["finding"]


def test_an_older_directory_is_a_warning_and_is_left_as_it_is(tmp_path: Path) -> None:
    """The next engine migrates it; looking must not."""
    (tmp_path / DATA).mkdir()
    with closing(sqlite3.connect(tmp_path / DATA / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 0")
        connection.execute("CREATE TABLE anything (x)")

    done = checked(tmp_path)

    assert check(done, "schema")["verdict"] == "warning"
    assert done.code == 0


def test_a_file_in_the_place_of_the_directory_is_a_problem(tmp_path: Path) -> None:
    """It could be anything; nobody may overwrite it."""
    (tmp_path / DATA).write_text("a note")

    done = checked(tmp_path)

    assert done.code == 1
    assert "is no directory" in check(done, "data directory")["finding"]
    assert (tmp_path / DATA).read_text() == "a note"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_a_problem(well: Path) -> None:
    """Said before a plan has been handed in."""
    (well / DATA).chmod(0o500)

    done = checked(well)

    (well / DATA).chmod(0o700)
    assert done.code == 1
    assert "cannot be written" in check(done, "data directory")["finding"]


def test_who_says_who_asks_is_looked_at(tmp_path: Path) -> None:
    """A file of tokens that no service would start with is found before one is started."""
    (tmp_path / "tokens.toml").write_text("no TOML")

    done = checked(tmp_path, AUTH_TOKENS_FILE="tokens.toml")

    assert done.code == 1
    assert check(done, "tokens file")["verdict"] == "problem"
    assert "TOML" in check(done, "tokens file")["finding"]
