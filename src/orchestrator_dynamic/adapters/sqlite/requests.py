"""What operators ask of an engine in another process: a row goes in, its reply comes back."""

import asyncio
import sqlite3
from collections.abc import Callable

import orjson

from orchestrator_dynamic.adapters.sqlite.database import transaction
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.orchestrator import Reply, Request

# An engine looks for requests four times a second.
_POLL_S = 0.05

_ASK = (
    "INSERT INTO requests (at, workflow_id, action, actor, reason, detail) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_OPEN = "SELECT 1 FROM requests WHERE id = ? AND handled_at IS NULL"
_REPLY = "SELECT reply, accepted FROM requests WHERE id = ?"
_WITHDRAW = (
    "UPDATE requests SET handled_at = ?, reply = 'withdrawn: nobody answered', accepted = 0 "
    "WHERE id = ? AND handled_at IS NULL"
)
_REQUEUED = "UPDATE dead_letters SET requeued_at = ?, requeue_outcome = ? WHERE id = ?"


class OperatorDesk:
    """Hands requests to the engine of a data directory, whichever process runs it.

    The connection comes from `database.open_beside_engine`; the caller closes it.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def ask(
        self, request: Request, patience_s: float, engine_lives: Callable[[], bool]
    ) -> Reply | None:
        """Return the engine's reply, or None where there was none in time.

        Without a reply the request is withdrawn, so that it takes no effect later, when nobody
        expects it any more. (An engine that takes it up at that very moment still carries it out.)

        Args:
            engine_lives: whether anybody is there to answer; asked again and again.

        Raises:
            StorageFailed: the request could not be written.
        """
        number = self._insert(request)
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + patience_s
        try:
            # Another process sets no event of ours.
            while self._open(number) and loop.time() < give_up_at and engine_lives():  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
        finally:
            # Also where the operator has lost patience and interrupts.
            withdrawn = self._open(number) and self._withdraw(number)
        return None if withdrawn else self._reply_to(number)

    def record_requeue(self, letter_id: int, outcome: str) -> None:
        """Note on a dead letter that it was handed in again, and what became of it.

        Raises:
            StorageFailed: it could not be written; the letter looks as if nobody had tried.
        """
        with transaction(self._connection):
            self._connection.execute(_REQUEUED, (self._clock.now_ms(), outcome, letter_id))

    def _insert(self, request: Request) -> int:
        row = (
            self._clock.now_ms(),
            request.workflow_id,
            request.action.value,
            request.by,
            request.reason,
            None if request.tasks is None else orjson.dumps(request.tasks).decode(),
        )
        with transaction(self._connection):
            return int(self._connection.execute(_ASK, row).lastrowid or 0)

    def _open(self, number: int) -> bool:
        return bool(self._connection.execute(_OPEN, (number,)).fetchone())

    def _reply_to(self, number: int) -> Reply:
        text, accepted = self._connection.execute(_REPLY, (number,)).fetchone()
        return Reply(bool(accepted), text)

    def _withdraw(self, number: int) -> bool:
        with transaction(self._connection):
            changed = self._connection.execute(_WITHDRAW, (self._clock.now_ms(), number))
        return changed.rowcount == 1
