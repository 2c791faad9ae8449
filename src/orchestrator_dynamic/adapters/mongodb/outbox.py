"""Messages that are in MongoDB and not yet with the broker."""

from collections.abc import Sequence
from heapq import merge

from orchestrator_dynamic.adapters.mongodb import parts
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.adapters.mongodb.expiry import Expiry
from orchestrator_dynamic.ports.outbox import Outgoing, Waiting
from orchestrator_dynamic.wire.message_headers import headers_of_letter

_COLLECTIONS = {"m": "messages", "d": "dead_letters"}


class MongoOutbox:
    """An `Outbox` of the messages of one range of keys."""

    def __init__(self, mongo: Mongo, base: int, expiry: Expiry) -> None:
        self._mongo = mongo
        self._base = base
        self._expiry = expiry

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """As the port says; messages and dead letters each in the order of their numbers."""
        messages = await self._first("messages", limit)
        letters = await self._first("dead_letters", limit)
        both = merge(
            ((one["created_at"], "m", one) for one in messages),
            ((one["at"], "d", one) for one in letters),
            key=lambda found: found[0],
        )
        return [await self._outgoing(mark, one) for _, mark, one in list(both)[:limit]]

    async def sent(self, ids: Sequence[str], at: int) -> None:
        """As the port says."""
        change: Document = {"$set": {"sent_at": at, "waiting": False, **self._expiry.after(at)}}
        for mark, name in _COLLECTIONS.items():
            if names := [one[1:] for one in ids if one[0] == mark]:
                which = {"_id": {"$in": names}, "waiting": True}
                await self._mongo.update_all(name, which, change)

    async def record_requeue(self, letter_id: int, at: int, outcome: str) -> None:
        """Note on a dead letter that it was handed in again, and what became of it."""
        change: Document = {"$set": {"requeued_at": at, "requeue_outcome": outcome}}
        await self._mongo.update_all("dead_letters", {"number": letter_id}, change)

    async def _first(self, name: str, limit: int) -> list[Document]:
        which = {"base": self._base, "waiting": True}
        return await self._mongo.find(name, which, order=[("number", 1)], limit=limit)

    async def _outgoing(self, mark: str, found: Document) -> Waiting:
        name = f"{mark}{found['_id']}"
        if mark == "m":
            value = (await parts.bring_large(self._mongo, found, "value"))["value"]
            data = value.encode() if isinstance(value, str) else value
            return Waiting(name, Outgoing(found["topic"], found["key"].encode(), data))
        body = (await parts.bring_large(self._mongo, found, "body"))["body"]
        told = headers_of_letter(
            **{said: found[said] for said in ("headers", "reason", "source", "at", "findings")}
        )
        return Waiting(name, Outgoing(found["topic"], found["key"], bytes(body), told))
