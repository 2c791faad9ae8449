"""Copying what the engine has made durable to where others read it, before anybody acts on it.

The ledger keeps each batch a second time until the copy has it, so that neither a crash nor an
outage of any length loses a row. What a turn shows (tickets, receipts, outcomes) waits until its
records have arrived, in the order of turns: where the audit cannot be written, tickets wait.
Several turns travel at a time, so that a distant store costs latency and not throughput.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.shared_ledger import Overtaken, SharedLedger
from orchestrator_dynamic.runtime.patience import until_available

# Turns that wait for the copy; the engine takes no more before one has arrived.
_WAITING_MAX = 64

# Several turns that waited become one batch, up to this many rows: a copy has a deadline.
_ROWS_MAX = 2_000


class CopyDisagrees(Misconfigured):
    """The store has another story of our plans: two engines write it, or one was set back."""


class DeferredCopy:
    """For a moment's work beside a store that is not asked: the ledger keeps what is to be copied.

    Whoever runs on the data directory next copies it, before it does anything else.
    """

    done = 0

    def __init__(self, left: Iterable[tuple[int, Batch]]) -> None:
        """Begin after what an earlier process has `left` behind."""
        self._last = max((number for number, _ in left), default=0)

    @property
    def next_number(self) -> int:
        """The number of the next batch that is put; the ledger keeps it under this one."""
        return self._last + 1

    async def put(self, batch: Batch, show: Callable[[], None]) -> None:
        """Call `show` at once: tickets go nowhere from here."""
        self._last += 1
        show()


@dataclass(frozen=True, slots=True)
class _Turn:
    number: int
    batch: Batch
    show: Callable[[], None]


class RecordCopy:
    """Brings every batch to `store` in order. Run it with `run`.

    Attributes:
        done: all batches up to this number have arrived.
    """

    def __init__(self, store: SharedLedger, left: Iterable[tuple[int, Batch]]) -> None:
        """Begin with the batches that an earlier process has `left` behind, and their numbers."""
        self._store = store
        self._turns: asyncio.Queue[_Turn] = asyncio.Queue()
        self._room = asyncio.Semaphore(_WAITING_MAX)
        self.done = self._last = 0
        numbered = list(left)
        settled([batch for _, batch in numbered])
        for number, batch in numbered:
            self._last = number
            self._turns.put_nowait(_Turn(number, batch, _nothing))

    @property
    def next_number(self) -> int:
        """The number of the next batch that is put; the ledger keeps it under this one."""
        return self._last + 1

    async def put(self, batch: Batch, show: Callable[[], None]) -> None:
        """Take a batch that is durable here, and call `show` once the copy has it too.

        Returns at once unless very many are waiting.
        """
        await self._room.acquire()
        self._last += 1
        self._turns.put_nowait(_Turn(self._last, batch, show))

    async def drained(self) -> None:
        """Return when everything that was put has arrived."""
        await self._turns.join()

    async def run(self) -> None:
        """Copy until cancelled; what has not arrived then is kept by the ledger.

        Raises:
            CopyDisagrees: the store has other facts about our plans, which no patience mends.
            Refused: it has a decision of ours under another name.
        """
        while True:
            turns = [await self._turns.get()]
            rows = _rows(turns[0].batch)
            # What was left travels as it was: see `settled`.
            while turns[0].show is not _nothing and self._turns.qsize() and rows < _ROWS_MAX:
                turns.append(self._turns.get_nowait())
                rows += _rows(turns[-1].batch)
            batch = merged([turn.batch for turn in turns])
            await until_available(partial(self._bring, batch), "records_not_copied")
            self.done = turns[-1].number
            for turn in turns:
                turn.show()
                self._turns.task_done()
                if turn.show is not _nothing:
                    self._room.release()

    async def _bring(self, batch: Batch) -> None:
        try:
            await self._store.commit(batch)
        except Overtaken as error:
            told = "the record store and the data directory tell different stories of a plan"
            remedy = "use the directory that wrote last, or another MONGODB_DATABASE"
            raise CopyDisagrees(f"{told}: {error}; {remedy}") from error


def merged(batches: list[Batch]) -> Batch:
    """Return one batch that says what `batches` say one after the other."""
    if len(batches) == 1:
        return batches[0]
    whole = Batch()
    for batch in batches:
        for field in fields(Batch):
            rows = getattr(whole, field.name)
            if isinstance(rows, list):
                rows += getattr(batch, field.name)
        whole.workflows |= batch.workflows
    # Of several changes of one ticket the last is how it is.
    whole.changes = list({change.key: change for change in whole.changes}.values())
    return whole


def settled(batches: list[Batch]) -> None:
    """Take out of `batches` what a later one of them says otherwise about the same ticket.

    The store may have them all. What a batch without facts records is taken for the latest there
    is, so that an older state, brought again, would stand against the newer one. For the same
    reason they must not be merged: with facts that the store has, a newer state would look old.
    """
    changed, progressed = set[int](), set[int]()
    for batch in reversed(batches):
        batch.changes = [one for one in batch.changes if one.key not in changed]
        batch.progress = [one for one in batch.progress if one.key not in progressed]
        changed.update(one.key for one in batch.changes)
        progressed.update(one.key for one in batch.progress)


def _rows(batch: Batch) -> int:
    return sum(
        len(rows)
        for field in fields(Batch)
        if isinstance(rows := getattr(batch, field.name), list | dict)
    )


def _nothing() -> None:
    """Nobody of this process waits for what an earlier one has left."""
