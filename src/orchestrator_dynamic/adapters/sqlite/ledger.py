"""The engine's journal and records in one SQLite file: one writer, many rows a commit."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from time import perf_counter

from orchestrator_dynamic.adapters.sqlite import batch_text, statements
from orchestrator_dynamic.adapters.sqlite.database import StorageFailed, roll_back, transaction
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.models.ids import DecisionId
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    FactRecord,
    OperatorRequest,
    StoredPlan,
    TicketPlace,
)

# A commit on a quick disk costs less than handing it to a thread and back (about 0.15 ms), so it is
# done in place; on a slow one the event loop must not wait for it.
_QUICK_S = 0.002


class SqliteLedger:
    """A `Ledger` over a connection from `database.open_for_writing`, which the caller closes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._commit_s = 0.0
        self._data_version = -1
        self.commits = 0

    async def commit(self, batch: Batch) -> None:
        """As the port says; the rows are written here, only a slow disk is awaited in a thread."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            statements.write(self._connection, batch)
            written = perf_counter()
            if self._commit_s < _QUICK_S:
                self._connection.execute("COMMIT")
            else:
                await self._commit_in_thread()
        except sqlite3.Error as error:
            roll_back(self._connection)
            raise StorageFailed(f"writing the journal failed: {error}") from error
        # A moving average over some eight commits, so that one hiccup changes nothing.
        self._commit_s += (perf_counter() - written - self._commit_s) / 8
        self.commits += 1

    async def _commit_in_thread(self) -> None:
        loop = asyncio.get_running_loop()
        committed = loop.run_in_executor(None, self._connection.execute, "COMMIT")
        try:
            await asyncio.shield(committed)
        except asyncio.CancelledError:
            # Until it is done the connection is the thread's, and must not be closed.
            await asyncio.wait([committed])
            raise

    def open_plans(self) -> Iterator[StoredPlan]:
        """As the port says; one plan is in memory at a time."""
        rows = self._connection.execute(statements.OPEN_PLANS).fetchall()
        for workflow, workflow_id, decision in rows:
            facts = self._connection.execute(statements.FACTS_OF, (workflow,)).fetchall()
            yield StoredPlan(workflow, workflow_id, decision, [FactRecord(*row) for row in facts])

    def uncopied(self) -> Iterator[tuple[int, Batch]]:
        """Yield the batches that were not copied yet to where they were to go, oldest first."""
        for number, body in self._connection.execute(statements.UNCOPIED):
            yield number, batch_text.decode(body)

    def about(self, name: str) -> str | None:
        """Return what this directory is noted to be called under `name`."""
        row = self._connection.execute(statements.ABOUT, (name,)).fetchone()
        return None if row is None else row[0]

    def note(self, name: str, value: str) -> str:
        """Note what this directory is called under `name`, once and for all, and return that.

        Another process may have noted something else at the same moment; then it is that.

        Raises:
            StorageFailed: it could not be written.
        """
        with transaction(self._connection):
            self._connection.execute(statements.NOTE, (name, value))
        return self.about(name) or value

    def next_workflow(self) -> int:
        """As the port says."""
        largest = self._connection.execute("SELECT max(workflow) FROM workflows").fetchone()[0]
        return (largest or 0) + 1

    def decision_hash(self, decision_id: str) -> tuple[str, str] | None:
        """As the port says."""
        row = self._connection.execute(statements.DECISION_HASH, (decision_id,)).fetchone()
        if row is None:
            pruned = (workflow_id_of(DecisionId(decision_id)),)
            row = self._connection.execute(statements.PRUNED_HASH, pruned).fetchone()
        return None if row is None else (row[0], row[1])

    def outcome_of(self, workflow_id: str) -> str | None:
        """As the port says."""
        named = {"workflow_id": workflow_id}
        row = self._connection.execute(statements.OUTCOME_OF, named).fetchone()
        return None if row is None else row[0]

    def place_of(self, ticket_id: str) -> TicketPlace | None:
        """As the port says."""
        row = self._connection.execute(statements.PLACE_OF, (ticket_id,)).fetchone()
        return None if row is None else TicketPlace(*row)

    def requests(self) -> Sequence[OperatorRequest]:
        """As the port says; SQLite tells by a number whether another process has written."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._data_version:
            return ()
        self._data_version = version
        rows = self._connection.execute(statements.OPEN_REQUESTS).fetchall()
        return [OperatorRequest(*row) for row in rows]
