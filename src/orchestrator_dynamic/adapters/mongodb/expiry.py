"""Letting MongoDB delete what has ended long ago, where that is asked for.

When a plan has ended, everything of its is given the moment at which it goes. Its decision's small
document stays and learns how the plan ended, so that it is a repeat when it comes again. The plan's
own document is marked last: who finds it unmarked goes on where another was interrupted.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from orchestrator_dynamic.adapters.mongodb import layout, parts
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo

# One request changes so many tickets, that it ends well within its deadline.
_TICKETS_AT_ONCE = 5_000
_WORKFLOWS_AT_ONCE = 100


class Expiry:
    """Marks what may go. Without `days` it marks nothing, and all is kept for good."""

    def __init__(self, mongo: Mongo, days: int | None) -> None:
        self._mongo = mongo
        self._days = days

    def after(self, at: int | None) -> Document:
        """Return the field that lets a document go so many days after `at` (epoch ms)."""
        if self._days is None or at is None:
            return {}
        moment = datetime.fromtimestamp(at / 1_000, UTC) + timedelta(days=self._days)
        return {"expires": moment}

    async def settle(self, workflows: Collection[int]) -> None:
        """Mark everything of those `workflows` that have ended, also what came later."""
        if self._days is None:
            return
        for found in await self._mongo.find_named("workflows", sorted(workflows)):
            if found["outcome"] is not None:
                await self._mark(found)

    async def catch_up(self) -> int:
        """Mark what ended before this was asked for, and return how many plans that were."""
        count = 0
        if self._days is None:
            return count
        unmarked: Document = {"outcome": {"$ne": None}, "expires": None}
        while some := await self._mongo.find("workflows", unmarked, limit=_WORKFLOWS_AT_ONCE):
            for found in some:
                await self._mark(found)
            count += len(some)
        return count

    async def _mark(self, workflow: Document) -> None:
        key, workflow_id, ended_at = workflow["_id"], workflow["workflow_id"], workflow["ended_at"]
        goes = self.after(ended_at)
        mark: Document = {"$set": goes}
        pruned_at = int(goes["expires"].timestamp() * 1_000)
        ending = {"outcome": workflow["outcome"], "ended_at": ended_at, "pruned_at": pruned_at}
        decision = {"_id": workflow["decision_id"]}
        await self._mongo.update_all("decisions", decision, {"$set": ending})
        for start in range(0, 2 * workflow["tasks"] + 1, _TICKETS_AT_ONCE):
            bounds = {
                "$gte": layout.ticket_name(key, start),
                "$lt": layout.ticket_name(key, start + _TICKETS_AT_ONCE),
            }
            await self._mongo.update_all("tickets", {"_id": bounds}, mark)
        await self._mongo.update_all("journal", layout.of_workflow(key), mark)
        for name in ("results", "parts"):
            await self._mongo.update_all(name, {"workflow": key}, mark)
        if kept := await self._mongo.one("decisions", decision):
            pieces = {"_id": {"$in": parts.names(kept["owner"], kept["parts"])}}
            await self._mongo.update_all("parts", pieces, mark)
        for name in ("audit", "incidents"):
            await self._mongo.update_all(name, {"workflow_id": workflow_id}, mark)
        await self._mongo.update_all("workflows", {"_id": key}, mark)
