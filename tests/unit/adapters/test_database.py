"""Opening a data directory: made, migrated, or refused with what to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.beside import opened_beside_engine
from orchestrator_dynamic.adapters.sqlite.database import OutOfDate
from orchestrator_dynamic.adapters.sqlite.lease import LeaseHeld, held
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.adapters.sqlite.schema import MIGRATIONS
from orchestrator_dynamic.errors import Misconfigured
from tests.support.engines import rows
from tests.support.ledgers import a_decision_row, a_fact, a_workflow

SINCE = "2026-01-01T12:00:00Z"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a directory as version 1 has left it, with one open plan and an answer."""
    with closing(sqlite3.connect(tmp_path / database.FILE_NAME)) as connection:
        connection.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1;")
        for table, row in (
            ("workflows", a_workflow()),
            ("decisions", a_decision_row()),
            ("journal", a_fact()),
            ("results", (1, 1, "ticket-1-0", 1, 0, "COMPLETED", "accepted", "ana", 1, None, "{}")),
        ):
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        connection.commit()
    return tmp_path


def version_of(directory: Path) -> object:
    """Return the schema version of a directory."""
    return rows(directory, "PRAGMA user_version")[0][0]


def test_an_engine_brings_an_older_directory_up_to_date(old: Path) -> None:
    """An update must not cost a single plan."""
    with closing(database.open_for_writing(old)) as connection:
        plans = list(SqliteLedger(connection).open_plans())

    assert version_of(old) == len(MIGRATIONS)
    assert [plan.facts for plan in plans] == [[a_fact()]]
    assert rows(old, "SELECT agent FROM results WHERE workflow = 1") == [("ana",)]
    assert rows(old, "SELECT count(*) FROM pruned") == [(0,)]


def test_reading_does_not_change_an_older_directory(old: Path) -> None:
    """Whoever only looks must not migrate; the message says what does."""
    with pytest.raises(OutOfDate, match="starting an engine on it brings it up to date"):
        database.open_for_reading(old)

    assert version_of(old) == 1


def test_a_command_that_writes_migrates_where_no_engine_runs(old: Path) -> None:
    """An operator must not have to start an engine first."""
    with opened_beside_engine(old, SINCE) as connection:
        connection.execute("DELETE FROM pruned")

    assert version_of(old) == len(MIGRATIONS)


def test_an_older_engine_is_not_migrated_under_its_feet(old: Path) -> None:
    """It would go on writing what it knows."""
    with (
        held(old, "an older orq run", SINCE),
        pytest.raises(LeaseHeld, match="an older orq run"),
        opened_beside_engine(old, SINCE),
    ):
        pass

    assert version_of(old) == 1


def test_a_newer_directory_is_left_alone(tmp_path: Path) -> None:
    """What a newer version means by its rows, this one cannot know."""
    database.open_for_writing(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / database.FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(Misconfigured, match="newer version"):
        database.open_for_writing(tmp_path)
    with pytest.raises(Misconfigured, match="newer version"):
        database.open_for_reading(tmp_path)


def test_where_there_is_nothing_nothing_is_made_by_reading(tmp_path: Path) -> None:
    """A slip in --data-dir would leave directories behind, and look like an empty one."""
    with pytest.raises(Misconfigured, match="name another by --data-dir"):
        database.open_for_reading(tmp_path / "slip")

    assert not (tmp_path / "slip").exists()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """With words, not with a traceback."""
    (tmp_path / database.FILE_NAME).write_text("Dear orchestrator, this is a letter. " * 100)

    with pytest.raises(Misconfigured, match="cannot be read"):
        database.open_for_reading(tmp_path)
    with pytest.raises(Misconfigured, match="cannot be used"):
        database.open_for_writing(tmp_path)
