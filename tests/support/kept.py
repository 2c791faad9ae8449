"""Records to write and to read again, wherever they are kept."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.store import Store
from tests.support.ledgers import a_ledger


class Commits(Protocol):
    """What every ledger can do, whoever drives the plans."""

    async def commit(self, batch: Batch) -> None:
        """Return once all of `batch` is durable."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A ledger to write, and a store to read the same records."""

    ledger: Commits
    store: Store

    async def committed(self, *batches: Batch) -> Store:
        """Make these batches durable, one after the other, and return the store."""
        for batch in batches:
            await self.ledger.commit(batch)
        return self.store


# Opens a place for records with nothing in it; the directory is there for those who need one.
Place = Callable[[Path], AbstractAsyncContextManager[Kept]]


@asynccontextmanager
async def kept_in_sqlite(directory: Path) -> AsyncIterator[Kept]:
    """Keep records in the file of a data directory."""
    with (
        a_ledger(directory) as ledger,
        closing(database.open_for_reading(directory)) as connection,
    ):
        yield Kept(ledger, SqliteStore(connection))
