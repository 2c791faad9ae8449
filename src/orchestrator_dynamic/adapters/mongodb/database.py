"""MongoDB with our durability, our deadlines and our errors."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pymongo
from bson.errors import BSONError
from pymongo import AsyncMongoClient, ReturnDocument, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from orchestrator_dynamic.adapters.mongodb.errors import translated
from orchestrator_dynamic.adapters.mongodb.together import to_its_end
from orchestrator_dynamic.errors import Misconfigured, Refused
from orchestrator_dynamic.ports.standing import Standing

T = TypeVar("T")
Document = dict[str, Any]
Order = Sequence[tuple[str, int]]

DUPLICATE_KEY = 11000

# So many operations take tens of milliseconds, far less than the deadline of a request.
_OPERATIONS_AT_ONCE = 1_000
_BYTES_AT_ONCE = 16 * 1024 * 1024

# MongoDB takes no larger document. Some servers hang up instead of saying so.
_DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
_IDS_AT_ONCE = 1_000

# Two that insert one document at a time make one of them fail where it should have updated.
_UPSERT_TRIES = 3


@asynccontextmanager
async def connected(
    uri: str,
    database: str,
    *,
    deadline_s: float = 5.0,
    connections_max: int = 32,
) -> AsyncIterator["Mongo"]:
    """Open a database; nothing is sent before the first call, and nothing is left open after.

    Works with a replica set, a sharded cluster and a single server. An acknowledged write is in the
    journals of a majority, and what is read has been acknowledged by one.

    Args:
        deadline_s: of each request, looking for a server that can do it included; a call makes a
            few requests, or many where it has much to say.

    Raises:
        Misconfigured: `uri` is no address of a MongoDB.
    """
    try:
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            uri,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            readPreference="primary",
            retryWrites=True,
            retryReads=True,
            maxPoolSize=connections_max,
            # Where there is a `timeoutMS`, the library lets it bound the search for a server too.
            timeoutMS=int(deadline_s * 1_000),
            connectTimeoutMS=int(deadline_s * 1_000),
            appname="orchestrator-dynamic",
        )
        opened = client[database]
    except (PyMongoError, ValueError) as error:
        raise Misconfigured(f"the address of MongoDB is not understood: {error}") from error
    try:
        yield Mongo(opened, deadline_s)
    finally:
        async with asyncio.timeout(deadline_s):
            await client.close()


class Mongo:
    """A database. Every method has a deadline, and raises our errors only.

    Raises:
        StoreUnavailable: it cannot be reached now, or no majority of it.
        Misconfigured: it refuses us.
        Refused: a record is larger than it takes, or has a name that another has.
    """

    def __init__(self, database: AsyncDatabase[Document], deadline_s: float) -> None:
        self.database = database
        self.standing = Standing()
        self._deadline_s = deadline_s

    async def asked(self, what: str, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns, a call of the library, within the deadline.

        The library must not be cancelled: see `to_its_end`. So the deadline is its own, and whoever
        is cancelled meanwhile waits for the end of its call, at most that long.

        Args:
            what: what is being done, for people.
        """
        return await to_its_end(self._bounded(what, work))

    async def _bounded(self, what: str, work: Coroutine[Any, Any, T]) -> T:
        with self.standing.asking():
            try:
                with pymongo.timeout(self._deadline_s):
                    return await work
            except (PyMongoError, BSONError, OverflowError, UnicodeError, TimeoutError) as error:
                raise translated(error, what) from error

    async def insert(self, name: str, documents: Sequence[Document]) -> list[int]:
        """Insert `documents`, and return the places of those whose names were taken already."""
        taken: list[int] = []
        start = 0
        for some in _portions(documents):
            taken += [start + place for place in await self._insert(name, some)]
            start += len(some)
        return taken

    async def _insert(self, name: str, documents: Sequence[Document]) -> list[int]:
        work = self.database[name].insert_many(documents, ordered=False)
        return await self.asked(f"writing {len(documents)} of {name}", _but_duplicates(work))

    async def upsert(self, name: str, updates: Sequence[UpdateOne]) -> list[int]:
        """Carry out `updates`, in no order, and return the places of those that found no match.

        Those have a condition that a document of their `_id` does not meet.
        """
        unmatched: list[int] = []
        for start in range(0, len(updates), _OPERATIONS_AT_ONCE):
            places = list(range(start, min(start + _OPERATIONS_AT_ONCE, len(updates))))
            for _ in range(_UPSERT_TRIES):
                if places:
                    taken = await self._update(name, [updates[place] for place in places])
                    places = [places[one] for one in taken]
            unmatched += places
        return unmatched

    async def _update(self, name: str, updates: Sequence[UpdateOne]) -> list[int]:
        work = self.database[name].bulk_write(updates, ordered=False)
        return await self.asked(f"changing {len(updates)} of {name}", _but_duplicates(work))

    async def update_all(self, name: str, which: Document, change: Document) -> int:
        """Change all documents that `which` describes, and return how many there are."""
        work = self.database[name].update_many(which, change)
        return (await self.asked(f"changing {name}", work)).matched_count

    async def find(
        self,
        name: str,
        which: Document,
        *,
        fields: Mapping[str, int] | None = None,
        order: Order = (),
        limit: int = 0,
    ) -> list[Document]:
        """Return the documents that `which` describes."""
        cursor = self.database[name].find(which, fields, limit=limit)
        work = (cursor.sort(list(order)) if order else cursor).to_list()
        return await self.asked(f"reading {name}", work)

    async def find_named(
        self, name: str, ids: Sequence[Any], *, field: str = "_id", **fields: int
    ) -> list[Document]:
        """Return the documents with these ids, however many."""
        found: list[Document] = []
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = {field: {"$in": list(ids[start : start + _IDS_AT_ONCE])}}
            found += await self.find(name, some, fields=fields or None)
        return found

    async def one(self, name: str, which: Document) -> Document | None:
        """Return the document that `which` describes, or None."""
        return await self.asked(f"reading {name}", self.database[name].find_one(which))

    async def grouped(self, name: str, stages: Sequence[Document]) -> list[Document]:
        """Return what becomes of documents by `stages`."""

        async def work() -> list[Document]:
            return await (await self.database[name].aggregate(list(stages))).to_list()

        return await self.asked(f"counting {name}", work())

    async def counted(self, counter: str, by: int = 1) -> int:
        """Raise a counter, and return where it is then; nobody else has what lies between.

        Where it was before is asked for: some servers read what comes after in a second step.
        """
        work = self.database["counters"].find_one_and_update(
            {"_id": counter},
            {"$inc": {"value": by}},
            upsert=True,
            return_document=ReturnDocument.BEFORE,
        )
        found = await self.asked(f"counting {counter}", work)
        return (int(found["value"]) if found else 0) + by


async def _but_duplicates(work: Coroutine[Any, Any, object]) -> list[int]:
    """Do `work`, and return the places of what it left out because its name is taken."""
    try:
        await work
    except BulkWriteError as error:
        return _only_duplicates(error)
    return []


def _only_duplicates(error: BulkWriteError) -> list[int]:
    """Return the places of what failed because its name is taken.

    Raises:
        BulkWriteError: something failed for another reason.
    """
    details = error.details or {}
    failed = details.get("writeErrors", [])
    others = any(one.get("code") != DUPLICATE_KEY for one in failed)
    if others or details.get("writeConcernErrors"):
        raise error
    return sorted(one["index"] for one in failed)


def _portions(documents: Sequence[Document]) -> list[Sequence[Document]]:
    """Return `documents` in parts that one request may carry."""
    portions: list[Sequence[Document]] = []
    start = size = 0
    for place, document in enumerate(documents):
        length = sum(len(value) for value in document.values() if isinstance(value, bytes | str))
        if length > _DOCUMENT_BYTES_MAX:
            raise Refused(f"{document['_id']} is larger than a document can be: {length} bytes")
        size += length
        if place + 1 - start >= _OPERATIONS_AT_ONCE or size >= _BYTES_AT_ONCE:
            portions.append(documents[start : place + 1])
            start, size = place + 1, 0
    if start < len(documents):
        portions.append(documents[start:])
    return portions
