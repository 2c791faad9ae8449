"""A database for each test, and the suites of the reading port on it."""

from collections.abc import AsyncIterator

import pytest

from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.adapters.mongodb.store import MongoStore
from tests.contracts.conftest import few_plans, store
from tests.services.mongodb.shared_mongo import SharedMongo
from tests.support.kept import Kept
from tests.support.servers.mongo import Mongo

__all__ = ["few_plans", "store"]


@pytest.fixture
async def place(mongo: Mongo) -> AsyncIterator[SharedMongo]:
    """A database with nothing in it."""
    shared = SharedMongo(mongo.uri)
    yield shared
    await shared.dropped()


@pytest.fixture
async def kept(place: SharedMongo) -> AsyncIterator[Kept]:
    """Yield a ledger with nothing in it, and a store that reads what is committed to it."""
    async with place.opened() as opened:
        ledger = MongoLedger(opened)
        await ledger.ensure_indexes()
        yield Kept(ledger, MongoStore(opened))
