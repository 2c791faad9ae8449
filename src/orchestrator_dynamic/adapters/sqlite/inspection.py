"""What there is to know about a data directory before anybody relies on it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite.database import FILE_NAME
from orchestrator_dynamic.adapters.sqlite.schema import MIGRATIONS
from orchestrator_dynamic.ports.inspection import Inspection, Records

_FAULTS_MAX = 5

_COUNTS = {
    "open_plans": "FROM workflows WHERE outcome IS NULL",
    "parked_plans": "FROM workflows WHERE outcome IS NULL AND phase = 'AWAITING_APPROVAL'",
    "halted_plans": "FROM workflows WHERE outcome IS NULL AND phase = 'HALTED'",
    "dead_letters": "FROM dead_letters WHERE requeued_at IS NULL",
    "buffered_messages": "FROM messages WHERE sent_at IS NULL",
    "unanswered_requests": "FROM requests WHERE handled_at IS NULL",
}


def inspect(directory: Path) -> Inspection:
    """Return what there is to know about the file in `directory`, however bad its state is.

    Reading all of a large file takes its time; nothing is written.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        return _inspection(None, None, (), None)
    size = sum(part.stat().st_size for part in directory.glob(f"{FILE_NAME}*"))
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            told = connection.execute(f"PRAGMA quick_check({_FAULTS_MAX})").fetchall()
            faults = tuple(row[0] for row in told if row[0] != "ok")
            records = _records(connection) if 1 <= version <= len(MIGRATIONS) else None
    except sqlite3.Error as error:
        return _inspection(size, None, (str(error),), None)
    return _inspection(size, version, faults, records)


def _records(connection: sqlite3.Connection) -> Records:
    counts = {
        what: connection.execute(f"SELECT count(*) {rows}").fetchone()[0]
        for what, rows in _COUNTS.items()
    }
    last_fact_at = connection.execute("SELECT max(at) FROM journal").fetchone()[0]
    return Records(last_fact_at=last_fact_at, **counts)


def _inspection(
    size: int | None, version: int | None, faults: tuple[str, ...], records: Records | None
) -> Inspection:
    return Inspection(
        sqlite_version=sqlite3.sqlite_version,
        size=size,
        schema_version=version,
        schema_known=len(MIGRATIONS),
        faults=faults,
        records=records,
    )
