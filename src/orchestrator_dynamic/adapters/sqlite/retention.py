"""Deleting what has ended long ago, beside a running engine and without holding it up.

An engine keeps open plans in memory and looks ended ones up by their ids, so that it never misses
what is deleted here. It waits for our transactions, though: each is bounded in time, and there is a
pause after it. Of a plan its rows go first and its name last, so that the next run finds again what
was interrupted. In the transaction that deletes its name a line in `pruned` takes its place: the
decision, sent again, is still a repeat, and its outcome is still known.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from functools import partial
from time import perf_counter

from orchestrator_dynamic.adapters.sqlite.database import transaction
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.records import TICKETS_PER_WORKFLOW
from orchestrator_dynamic.ports.retention import Pruned

# A turn of a busy engine takes about as long; it does not notice one more.
_TRANSACTION_S = 0.02

# SQLite tries again after 25 ms at most while it has waited for less than a tenth of a second, so
# that an engine that waits for us gets its turn in a pause of this length.
_PAUSE_S = 0.03

_ROWS_AT_ONCE = 500
_LETTERS_AT_ONCE = 20

_ENDED = "outcome IS NOT NULL AND ended_at < :before"
_NEXT = f"SELECT workflow, workflow_id FROM workflows WHERE {_ENDED} ORDER BY ended_at LIMIT 1"
_MARK = "UPDATE workflows SET phase = 'PRUNING' WHERE workflow = :workflow AND phase <> 'PRUNING'"
_REMEMBER = (
    "INSERT OR REPLACE INTO pruned (workflow_id, content_hash, outcome, ended_at, pruned_at) "
    "SELECT workflow_id, content_hash, outcome, ended_at, :now "
    "FROM workflows JOIN decisions USING (workflow) WHERE workflow = :workflow"
)

# By what is counted: the table, its key, and which rows belong to a workflow.
_ROWS = {
    "tickets": ("tickets", "key", "key >= :first AND key < :end"),
    "answers": ("results", "id", "workflow = :workflow"),
    "audit": ("audit", "id", "workflow_id = :workflow_id"),
    "incidents": ("incidents", "incident_id", "workflow_id = :workflow_id"),
}
_CHOSEN = "SELECT {key} FROM {table} WHERE {of} LIMIT :most"
_DELETES = {
    what: f"DELETE FROM {table} WHERE {key} IN ({_CHOSEN.format(key=key, table=table, of=of)})"
    for what, (table, key, of) in _ROWS.items()
}
_DELETES["facts"] = (
    "DELETE FROM journal WHERE workflow = :workflow AND seq IN "
    "(SELECT seq FROM journal WHERE workflow = :workflow LIMIT :most)"
)
_OLD = {
    "answers": ("results", "workflow IS NULL AND at < :before", _ROWS_AT_ONCE),
    "requests": ("requests", "handled_at < :before", _ROWS_AT_ONCE),
    "dead_letters": ("dead_letters", "at < :before", _LETTERS_AT_ONCE),
}

# A message says itself to which workflow it belongs.
_WORKFLOW_OF = (
    "coalesce(json_extract(value, '$.workflow_id'), "
    "json_extract(value, '$.correlation.workflow_id'))"
)
_MESSAGES = (
    "SELECT id, created_at, sent_at, NOT EXISTS "
    f"(SELECT 1 FROM workflows w WHERE w.workflow_id = {_WORKFLOW_OF}) "
    "FROM messages WHERE id > ? ORDER BY id LIMIT ?"
)


class SqliteRetention:
    """A `Retention` over a connection from `database.open_beside_engine`; the caller closes it."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._deleted = Counter[str]()

    async def prune(self, before: int) -> Pruned:
        """As the port says."""
        self._deleted = Counter()
        await _in_turns(partial(self._some_workflows, before))
        for what in _OLD:
            await _in_turns(partial(self._some_old, what, before))
        await self._old_messages(before)
        return Pruned(**self._deleted)

    def prunable(self, before: int) -> Pruned:
        """As the port says."""
        ended, values = f"(SELECT workflow FROM workflows WHERE {_ENDED})", {"before": before}
        ids = f"(SELECT workflow_id FROM workflows WHERE {_ENDED})"
        size = TICKETS_PER_WORKFLOW
        counts = {
            "workflows": f"FROM workflows WHERE {_ENDED}",
            "tickets": f"FROM {ended} w JOIN tickets t ON t.key >= w.workflow * {size} "
            f"AND t.key < (w.workflow + 1) * {size}",
            "facts": f"FROM journal WHERE workflow IN {ended}",
            "answers": f"FROM results WHERE workflow IN {ended} "
            "OR (workflow IS NULL AND at < :before)",
            "audit": f"FROM audit WHERE workflow_id IN {ids}",
            "incidents": f"FROM incidents WHERE workflow_id IN {ids}",
            "messages": f"FROM messages WHERE sent_at < :before AND NOT EXISTS (SELECT 1 "
            f"FROM workflows w WHERE w.workflow_id = {_WORKFLOW_OF} AND NOT ({_ENDED}))",
            "dead_letters": "FROM dead_letters WHERE at < :before",
            "requests": "FROM requests WHERE handled_at < :before",
        }
        one = self._connection.execute
        return Pruned(
            **{
                what: one(f"SELECT count(*) {rows}", values).fetchone()[0]
                for what, rows in counts.items()
            }
        )

    def _some_workflows(self, before: int) -> bool:
        """Delete for the length of one transaction; return whether there may be more."""
        began = perf_counter()
        with transaction(self._connection):
            while perf_counter() - began < _TRANSACTION_S:
                found = self._connection.execute(_NEXT, {"before": before}).fetchone()
                if found is None:
                    return False
                self._some_of(*found)
        return True

    def _some_of(self, workflow: int, workflow_id: str) -> None:
        """Delete rows of one workflow, and its name with the last of them."""
        values = {
            "workflow": workflow,
            "workflow_id": workflow_id,
            "first": workflow * TICKETS_PER_WORKFLOW,
            "end": (workflow + 1) * TICKETS_PER_WORKFLOW,
            "most": _ROWS_AT_ONCE,
            "now": self._clock.now_ms(),
        }
        execute = self._connection.execute
        execute(_MARK, values)
        for what, delete in _DELETES.items():
            gone = execute(delete, values).rowcount
            self._deleted[what] += gone
            if gone == _ROWS_AT_ONCE:
                return
        execute(_REMEMBER, values)
        execute("DELETE FROM decisions WHERE workflow = :workflow", values)
        execute("DELETE FROM workflows WHERE workflow = :workflow", values)
        self._deleted["workflows"] += 1

    def _some_old(self, what: str, before: int) -> bool:
        """Delete some old rows that belong to no workflow; return whether there may be more."""
        table, old, most = _OLD[what]
        chosen = f"SELECT id FROM {table} WHERE {old} LIMIT :most"
        with transaction(self._connection):
            delete = f"DELETE FROM {table} WHERE id IN ({chosen})"
            gone = self._connection.execute(delete, {"before": before, "most": most}).rowcount
        self._deleted[what] += gone
        return gone == most

    async def _old_messages(self, before: int) -> None:
        """Delete sent messages whose workflow is no more.

        They are looked for outside of a transaction, for there may be many to look through; they
        lie in the order in which they were written.
        """
        after, execute = 0, self._connection.execute
        while rows := execute(_MESSAGES, (after, _ROWS_AT_ONCE)).fetchall():
            after = rows[-1][0]
            gone = [(row[0],) for row in rows if row[2] is not None and row[2] < before and row[3]]
            if gone:
                with transaction(self._connection):
                    self._connection.executemany("DELETE FROM messages WHERE id = ?", gone)
                self._deleted["messages"] += len(gone)
                await asyncio.sleep(_PAUSE_S)
            if all(row[1] >= before for row in rows):
                return


async def _in_turns(some: Callable[[], bool]) -> None:
    while some():  # noqa: ASYNC110 - it does its part, it does not wait for something.
        await asyncio.sleep(_PAUSE_S)
