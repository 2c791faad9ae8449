"""Reading the file of a data directory, beside the engine that writes it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.database import RecordsUnreadable
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.ports.filters import WorkflowFilter
from tests.support.ledgers import a_plan_on_record, a_workflow, committed


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return a directory with a plan on record."""
    committed(tmp_path, a_plan_on_record(a_workflow()))
    return tmp_path


def damage(file: Path) -> None:
    """Write over all that is behind the header, as a disk that is ending does."""
    with file.open("r+b") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(100)
        opened.write(b"\xff" * (size - 100))


def test_reading_cannot_write(recorded: Path) -> None:
    """A slip in a query must not cost anybody's records."""
    with (
        closing(database.open_for_reading(recorded)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM workflows")


async def test_what_the_disk_does_not_give_is_an_outage(recorded: Path) -> None:
    """Whoever asks a service hears that it passes or is repaired, and nothing of our inside."""
    with closing(database.open_for_reading(recorded)) as connection:
        store = SqliteStore(connection)
        damage(recorded / database.FILE_NAME)

        for asking in (
            store.workflows(WorkflowFilter()),
            store.workflow("orch-1"),
            store.dead_letters(),
            store.dead_letter(1),
        ):
            with pytest.raises(RecordsUnreadable, match="orq doctor"):
                await asking
