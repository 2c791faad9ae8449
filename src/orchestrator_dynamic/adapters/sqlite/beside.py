"""Writing to a data directory from a command that is not its engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite import database, lease


@contextmanager
def opened_beside_engine(directory: Path, since: str) -> Iterator[sqlite3.Connection]:
    """Open a data directory for short transactions; one of an older version is migrated first.

    Args:
        since: the present moment, ISO 8601, UTC.

    Raises:
        LeaseHeld: an engine of an older version runs on it.
        Misconfigured: there is no such data directory, or a newer version has written it.
    """
    try:
        connection = database.open_beside_engine(directory)
    except database.OutOfDate:
        with lease.held(directory, "orq", since):
            database.open_for_writing(directory).close()
        connection = database.open_beside_engine(directory)
    with closing(connection):
        yield connection
