"""Reading the file of a data directory, beside the engine that writes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from tests.support.ledgers import a_plan_on_record, a_workflow, committed


def test_reading_cannot_write(tmp_path: Path) -> None:
    """A slip in a query must not cost anybody's records."""
    committed(tmp_path, a_plan_on_record(a_workflow()))

    with (
        closing(database.open_for_reading(tmp_path)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM workflows")
