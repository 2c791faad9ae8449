"""MongoDB as the place of records."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator_dynamic.adapters.mongodb.database import Mongo, connected
from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.adapters.mongodb.store import MongoStore
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.runtime.patience import until_available


@asynccontextmanager
async def opened_mongo(
    settings: Settings, breakers: Breakers | None = None
) -> AsyncIterator[Mongo]:
    """Open the database of `settings`; nothing is asked of it yet.

    Raises:
        Misconfigured: none is set, or its address cannot be one.
    """
    mongodb = settings.mongodb
    if mongodb.uri is None:
        raise Misconfigured("there is no record store; set MONGODB_URI")
    async with connected(mongodb.uri.get_secret_value(), mongodb.database) as mongo:
        if breakers is not None:
            breakers.watch("mongodb", mongo.standing)
        yield mongo


@asynccontextmanager
async def opened_mongo_ledger(
    settings: Settings, key_base: int = 0, breakers: Breakers | None = None
) -> AsyncIterator[MongoLedger]:
    """Open the shared ledger in MongoDB; `key_base` is that of an engine that copies."""
    days = settings.mongodb.retention_days
    async with opened_mongo(settings, breakers) as mongo:
        yield MongoLedger(mongo, key_base=key_base, retention_days=days)


async def made_ready(ledger: MongoLedger) -> None:
    """Wait for the store, make what is missing in it, and let go what should have gone before.

    Raises:
        Misconfigured: there is an index that is not ours.
    """
    await until_available(ledger.ensure_indexes, "record_store_awaited")
    await until_available(ledger.catch_up_with_retention, "record_store_awaited")


@asynccontextmanager
async def opened_mongo_store(
    settings: Settings, breakers: Breakers | None = None
) -> AsyncIterator[MongoStore]:
    """Read what is recorded in MongoDB."""
    async with opened_mongo(settings, breakers) as mongo:
        yield MongoStore(mongo)
