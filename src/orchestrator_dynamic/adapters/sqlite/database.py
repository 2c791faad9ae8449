"""Opening the file of a data directory: durable, fast to commit, at the right schema version."""

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite.schema import MIGRATIONS
from orchestrator_dynamic.errors import Misconfigured, Unavailable

FILE_NAME = "orchestrator.sqlite3"
_GATE_NAME = "opening"

# A commit that overwrites the log instead of making it longer needs no change of the file's size,
# which halves its time (measured on ext4: 340 to 170 microseconds). So the log is made this long
# when the file is opened, and reused from its beginning after each checkpoint.
_LOG_BYTES = 8 * 1024 * 1024
_CHECKPOINT_PAGES = 1500

_CACHE_KIB = 32 * 1024

# Another process (an operator's command) holds the file for about a millisecond at a time.
_BUSY_TIMEOUT_MS = 10_000


class OutOfDate(Misconfigured):
    """An older version of this program has written the data directory; opening it migrates it."""


class StorageFailed(Unavailable):
    """The disk did not take a commit: stop, tell nobody, and start again once there is room."""


class RecordsUnreadable(Unavailable):
    """The disk did not give what is kept: ask again, or see with `orq doctor` what is damaged."""


def open_for_writing(directory: Path) -> sqlite3.Connection:
    """Return the only writing connection of a data directory, made and migrated as needed.

    Raises:
        Misconfigured: the directory cannot be made or written, or a newer version has written it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone_in(directory), _connected(directory / FILE_NAME) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            _migrate(connection)
            _lengthen_log(connection, directory)
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            return connection
    except (OSError, sqlite3.Error) as error:
        raise Misconfigured(f"the data directory {directory} cannot be used: {error}") from error


def open_for_reading(directory: Path) -> sqlite3.Connection:
    """Return a connection that reads a data directory beside its engine, and cannot write.

    Raises:
        OutOfDate: an older version has written the directory; open it for writing first.
        Misconfigured: there is no such data directory, or a newer version has written it.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        remedy = "run a plan, or name another by --data-dir"
        raise Misconfigured(f"there is no data in {directory} yet; {remedy}")
    try:
        with _connected(path) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.row_factory = sqlite3.Row
            _check_version(connection, exact=True)
            return connection
    except sqlite3.Error as error:
        raise Misconfigured(f"the data in {directory} cannot be read: {error}") from error


def open_beside_engine(directory: Path) -> sqlite3.Connection:
    """Return a connection that writes little and seldom, beside an engine or without one.

    Its transactions must be short: the engine waits for them.

    Raises:
        OutOfDate: an older version has written the directory; open it for writing first.
        Misconfigured: there is no such data directory, or a newer version has written it.
    """
    connection = open_for_reading(directory)
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def read(
    connection: sqlite3.Connection, sql: str, values: Sequence[object] = ()
) -> list[sqlite3.Row]:
    """Return the rows that `sql` selects.

    Raises:
        RecordsUnreadable: the disk did not give them.
    """
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.DatabaseError as error:
        problem = f"the records cannot be read: {error}; `orq doctor` looks at them"
        raise RecordsUnreadable(problem) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside durably, or nothing of it.

    Raises:
        StorageFailed: the disk did not take it.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        roll_back(connection)
        raise StorageFailed(f"writing the journal failed: {error}") from error
    except BaseException:
        roll_back(connection)
        raise


def roll_back(connection: sqlite3.Connection) -> None:
    """Give up the open transaction, if there still is one."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Let one process after the other make or migrate a directory that several share."""
    with (directory / _GATE_NAME).open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Connect, and stay connected unless what is done inside fails."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        yield connection
    except BaseException:
        connection.close()
        raise


def _check_version(connection: sqlite3.Connection, *, exact: bool) -> int:
    version, known = int(connection.execute("PRAGMA user_version").fetchone()[0]), len(MIGRATIONS)
    if version > known:
        message = f"its schema has version {version}, this program knows {known}; use the newer one"
        raise Misconfigured(f"the data directory was written by a newer version: {message}")
    if exact and version < known:
        message = f"its schema has version {version}, this program writes {known}"
        remedy = "starting an engine on it brings it up to date"
        raise OutOfDate(f"the data directory is of an older version: {message}; {remedy}")
    return version


def _migrate(connection: sqlite3.Connection) -> None:
    version = _check_version(connection, exact=False)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")


def _lengthen_log(connection: sqlite3.Connection, directory: Path) -> None:
    log = directory / f"{FILE_NAME}-wal"
    if log.exists() and log.stat().st_size >= _LOG_BYTES:
        return
    # With hardly any cache the rows of this transaction spill into the log, where they stay as
    # bytes without meaning when it is rolled back.
    connection.executescript(
        "PRAGMA cache_size = -64; BEGIN; CREATE TABLE filler (x);"
        f"INSERT INTO filler VALUES (zeroblob({_LOG_BYTES})); ROLLBACK;"
    )
