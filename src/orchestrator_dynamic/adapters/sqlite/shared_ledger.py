"""A `SharedLedger` and its `Outbox` in one SQLite file that several processes have open.

A commit is one transaction that takes the file's write lock at its start, so that what it reads of
a journal is still true when it writes. Rows carry a digest of what they say, which makes keeping
them twice the same as keeping them once. `turn` says of a row of a ticket or a workflow how late it
is: twice the last fact of its batch, one more where the batch had no fact about the plan.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from heapq import merge
from typing import Any, TypeVar

from orchestrator_dynamic.adapters.sqlite import shared_statements as sql
from orchestrator_dynamic.adapters.sqlite.database import StorageFailed, transaction
from orchestrator_dynamic.errors import InvariantViolation, Misconfigured, Refused
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.outbox import Waiting
from orchestrator_dynamic.ports.records import (
    DecisionRecord,
    FactRecord,
    StoredPlan,
    TicketPlace,
    WorkflowRecord,
)
from orchestrator_dynamic.ports.shared_ledger import Known, Overtaken

T = TypeVar("T")

# SQLite takes some 32,000 values in a statement; far fewer are as quick.
_IDS_AT_ONCE = 500


class SqliteSharedLedger:
    """A `SharedLedger` and `Outbox` over a connection from `database.open_for_writing`.

    The caller closes the connection, after the last call has returned. The deadline of a call is
    the connection's: how long it waits for the file's lock.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # A connection has one transaction at a time, and one thread.
        self._one = asyncio.Lock()

    async def take_in(self, decision: DecisionRecord, workflow: WorkflowRecord) -> Known:
        """As the port says; keys have no gaps."""
        return await self._alone(self._take_in, decision, workflow)

    async def commit(self, batch: Batch) -> None:
        """As the port says; all plans of the batch together, or none of them.

        Raises:
            Refused: it has a decision that is kept under another key.
        """
        await self._alone(self._commit, batch)

    async def plan(self, workflow_id: str) -> StoredPlan | None:
        """As the port says."""
        return await self._alone(self._plan, workflow_id)

    async def facts_after(self, workflow: int, seq: int) -> Sequence[FactRecord]:
        """As the port says."""
        rows = await self._read(sql.FACTS_AFTER, (workflow, seq))
        return [FactRecord(*row) for row in rows]

    async def open_plans(self) -> Sequence[tuple[int, str]]:
        """As the port says."""
        return await self._read(sql.OPEN_PLANS)

    async def places_of(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """As the port says."""
        places: dict[str, TicketPlace] = {}
        for start in range(0, len(ticket_ids), _IDS_AT_ONCE):
            some = ticket_ids[start : start + _IDS_AT_ONCE]
            rows = await self._read(sql.places_of(len(some)), some)
            places |= {row[0]: TicketPlace(*row[1:]) for row in rows}
        return places

    async def parked(self, plan_id: str) -> Sequence[str]:
        """As the port says."""
        return [row[0] for row in await self._read(sql.PARKED, (plan_id,))]

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """As the port says; within each of the two tables in the order of arrival."""
        messages = await self._read(sql.WAITING_MESSAGES, (limit,))
        letters = await self._read(sql.WAITING_LETTERS, (limit,))
        both = merge(
            ((row[0], sql.waiting_message(row[1:])) for row in messages),
            ((row[0], sql.waiting_letter(row[1:])) for row in letters),
            key=lambda one: one[0],
        )
        return [one for _, one in both][:limit]

    async def sent(self, ids: Sequence[str], at: int) -> None:
        """As the port says."""
        await self._alone(self._note_sent, ids, at)

    async def _alone(self, work: Callable[..., T], *arguments: object) -> T:
        """Do `work` in a thread: the lock of the file may have to be waited for."""
        async with self._one:
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(None, work, *arguments)
            try:
                return await asyncio.shield(done)
            except asyncio.CancelledError:
                # Until it is done the connection is the thread's, and must not be closed.
                await asyncio.wait([done])
                raise

    async def _read(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        return await self._alone(self._rows, query, values)

    def _rows(self, query: str, values: Sequence[object]) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _translated(error) from error

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in one transaction."""
        try:
            with transaction(self._connection):
                try:
                    return work(self._connection)
                except sqlite3.IntegrityError as error:
                    raise InvariantViolation(f"two rows claim one name: {error}") from error
        except StorageFailed as failure:
            if isinstance(failure.__cause__, sqlite3.Error):
                raise _translated(failure.__cause__) from failure
            raise

    def _take_in(self, decision: DecisionRecord, workflow: WorkflowRecord) -> Known:
        def work(connection: sqlite3.Connection) -> Known:
            kept = connection.execute(sql.KNOWN, (decision.decision_id,)).fetchone()
            kept = kept or connection.execute(sql.PRUNED, (workflow.workflow_id,)).fetchone()
            if kept is not None:
                return Known._make((*kept, False))
            key = connection.execute(sql.NEXT_KEY).fetchone()[0]
            connection.execute(sql.WORKFLOW, (*workflow._replace(workflow=key), 0))
            connection.execute(sql.DECISION, decision._replace(workflow=key))
            return Known(key, workflow.workflow_id, decision.content_hash, None, new=True)

        return self._write(work)

    def _commit(self, batch: Batch) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _keep_decisions(connection, batch)
            turns = {key: 2 * seq for key, seq in _append(connection, batch.facts).items()}
            sql.keep_records(connection, batch, turns)

        self._write(work)

    def _plan(self, workflow_id: str) -> StoredPlan | None:
        rows = self._rows(sql.PLAN, (workflow_id,))
        for workflow, decision in rows:
            facts = self._rows(sql.FACTS_AFTER, (workflow, 0))
            journal = [FactRecord(*row) for row in facts]
            return StoredPlan(workflow, workflow_id, decision, journal)
        return None

    def _note_sent(self, ids: Sequence[str], at: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for mark, statement in sql.SENT.items():
                rows = [(at, int(one[1:])) for one in ids if one[0] == mark]
                connection.executemany(statement, rows)

        self._write(work)


def _keep_decisions(connection: sqlite3.Connection, batch: Batch) -> None:
    """Keep decisions, unless they are kept already."""
    for decision in batch.decisions:
        kept = connection.execute(sql.KEY_OF, (decision.decision_id,)).fetchone()
        if kept is None:
            connection.execute(sql.DECISION, decision)
        elif kept[0] != decision.workflow:
            message = f"{decision.decision_id} is kept as workflow {kept[0]}"
            raise Refused(f"{message}; it cannot be {decision.workflow} as well")


def _append(connection: sqlite3.Connection, facts: Sequence[FactRecord]) -> dict[int, int]:
    """Append `facts` to their journals; return the last one of each by workflow.

    Raises:
        Overtaken: a journal goes on otherwise.
    """
    journals: dict[int, list[FactRecord]] = {}
    for fact in facts:
        journals.setdefault(fact.workflow, []).append(fact)
    for workflow, told in journals.items():
        told.sort(key=lambda fact: fact.seq)
        first = told[0].seq
        kept = [
            FactRecord(*row)
            for row in connection.execute(sql.FACTS_AFTER, (workflow, first - 1)).fetchall()
        ]
        end = connection.execute(sql.LAST_SEQ, (workflow,)).fetchone()[0]
        common = min(len(kept), len(told))
        if end < first - 1 or kept[:common] != told[:common]:
            raise Overtaken(f"the journal of workflow {workflow} goes on otherwise at {first}")
        connection.executemany(sql.FACT, told[common:])
    return {workflow: told[-1].seq for workflow, told in journals.items()}


def _translated(error: sqlite3.Error) -> StorageFailed | Misconfigured:
    """Return what an error of the library means to whoever called us."""
    if "no such" in str(error) or "readonly" in str(error):
        return Misconfigured(f"the file is not one of ours, or not to be written: {error}")
    return StorageFailed(f"the shared ledger could not be used: {error}")
