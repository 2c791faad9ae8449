"""Records to write and to read again, wherever they are kept."""

from dataclasses import dataclass
from typing import Protocol

from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.store import Store


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
