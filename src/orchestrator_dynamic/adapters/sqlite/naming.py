"""What people call a workflow or a ticket: an id, or the beginning of one."""

import sqlite3
from collections.abc import Sequence

from orchestrator_dynamic.adapters.sqlite.database import read
from orchestrator_dynamic.ports.store_names import CANDIDATES_MAX

_IDS = ("workflow_id", "decision_id", "plan_id")


def begins(column: str) -> str:
    """Return the condition that `column` begins like the text whose `range_of` is given."""
    return f"({column} >= ? AND {column} < ?)"


def range_of(beginning: str) -> tuple[str, str]:
    """Return the bounds between which all texts lie that begin like this; an index can use them."""
    return beginning, beginning + "\U0010ffff"


def workflows_named(connection: sqlite3.Connection, name: str) -> list[int]:
    """Return the keys of the workflows that `name` may mean, newest first, a few at most."""
    if not name:
        return []
    # A workflow and its decision have one name each, a plan may have been run several times.
    exact = [(f"{column} = ?", (name,)) for column in _IDS]
    for condition, values in [*exact[:2], exact[2]]:
        if found := _keys_where(connection, condition, values):
            return found
    beginning = range_of(name)
    anywhere = " OR ".join(begins(column) for column in _IDS)
    return _keys_where(connection, anywhere, beginning * len(_IDS))


def _keys_where(connection: sqlite3.Connection, condition: str, values: Sequence[str]) -> list[int]:
    sql = f"SELECT workflow FROM workflows WHERE {condition} ORDER BY workflow DESC LIMIT ?"
    return [row[0] for row in read(connection, sql, (*values, CANDIDATES_MAX + 1))]
