"""A database of a real MongoDB server that several processes share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from orchestrator_dynamic.adapters.mongodb.database import Mongo, connected
from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.adapters.mongodb.store import MongoStore
from orchestrator_dynamic.ports.store import Store
from tests.support.shared_ledgers import Writer


class SharedMongo:
    """A database of its own on a server that others use as well."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.database = f"test-{uuid4().hex}"

    @asynccontextmanager
    async def opened(self, deadline_s: float = 30.0) -> AsyncIterator[Mongo]:
        """Open it as one more process would."""
        async with connected(self.uri, self.database, deadline_s=deadline_s) as mongo:
            yield mongo

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[Writer]:
        """As the place says."""
        async with self.opened() as mongo:
            ledger = MongoLedger(mongo)
            await ledger.ensure_indexes()
            yield ledger

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """As the place says."""
        async with self.opened() as mongo:
            yield MongoStore(mongo)

    async def dropped(self) -> None:
        """Leave nothing behind."""
        async with self.opened() as mongo:
            work = mongo.database.client.drop_database(self.database)
            await mongo.asked("dropping what a test has made", work)
