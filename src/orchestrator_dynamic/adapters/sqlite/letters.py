"""Dead letters as they are kept."""

import sqlite3

import orjson

from orchestrator_dynamic.adapters.sqlite.database import read
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.ports.dead_letters import DeadLetter
from orchestrator_dynamic.ports.store import NotFound

# The length of a body is known without reading it.
WITHOUT_BODY = (
    "SELECT id, at, reason, source, findings, headers, size, length(body) AS kept, sha256, key, "
    "requeued_at, requeue_outcome FROM dead_letters"
)


def letter(row: sqlite3.Row) -> DeadLetter:
    """Return the dead letter of a row from `WITHOUT_BODY`."""
    fields = dict(row)
    fields["headers"] = orjson.loads(fields["headers"])
    fields["key"] = None if row["key"] is None else bytes(row["key"]).decode("latin-1")
    fields["findings"] = tuple(
        Finding(one["code"], Severity(one["severity"]), one["where"], one["message"])
        for one in orjson.loads(fields["findings"])
    )
    return DeadLetter(**fields)


def letter_in_full(connection: sqlite3.Connection, letter_id: int) -> tuple[DeadLetter, bytes]:
    """Return a dead letter and what is kept of its body.

    Raises:
        NotFound: there is none with this number.
    """
    # SQLite's integers end here; a larger number is nobody's.
    known = letter_id if abs(letter_id) < 2**63 else 0
    for row in read(connection, f"{WITHOUT_BODY} WHERE id = ?", (known,)):
        [[body]] = read(connection, "SELECT body FROM dead_letters WHERE id = ?", (known,))
        return letter(row), bytes(body)
    raise NotFound(f"there is no dead letter {letter_id}")
