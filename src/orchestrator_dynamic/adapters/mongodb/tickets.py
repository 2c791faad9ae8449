"""Tickets of plans, as they are looked for."""

from collections.abc import Sequence

from orchestrator_dynamic.adapters.mongodb import layout, naming
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.ports import store_names
from orchestrator_dynamic.ports.records import TICKETS_PER_WORKFLOW
from orchestrator_dynamic.wire import timeline

# So many arrive well within a deadline.
_TICKETS_AT_ONCE = 5_000
_WORKFLOWS_AT_ONCE = 100

# What an interrupted turn has only announced yet is no ticket; see `rows.ticket_updates`.
_WHOLE: Document = {"ticket_id": {"$exists": True}}
_IN_ORDER = [("_id", 1)]


class Tickets:
    """Reads tickets. Keys are those of the database."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def after(
        self, workflow: int, number: int, limit: int | None, wanted: Document
    ) -> list[Document]:
        """Return tickets with numbers above `number`, in order, all where there is no limit.

        Args:
            wanted: a further condition.
        """
        tickets: list[Document] = []
        if number + 1 >= TICKETS_PER_WORKFLOW:
            # Longer names would sort elsewhere.
            return tickets
        which = layout.of_workflow(workflow, f"{number + 1:05x}")
        while limit is None or len(tickets) < limit:
            most = (
                _TICKETS_AT_ONCE if limit is None else min(limit - len(tickets), _TICKETS_AT_ONCE)
            )
            whole = which | _WHOLE
            if wanted:
                whole = {"$and": [whole, wanted]}
            some = await self._mongo.find("tickets", whole, order=_IN_ORDER, limit=most)
            tickets += some
            if len(some) < most:
                break
            which["_id"]["$gt"] = some[-1]["_id"]
        return tickets

    async def called(self, workflow: int, name: str) -> Document | None:
        """Return the ticket whose task or own id this is: the task's own, not what undoes it."""
        which = {
            **layout.of_workflow(workflow),
            "$or": [{"task_id": name}, {"ticket_id": name}],
        }
        found = await self._mongo.find("tickets", which, order=_IN_ORDER, limit=1)
        return found[0] if found else None

    async def beginning(self, workflow: int, name: str) -> list[Document]:
        """Return tickets whose task's or own id begins like this, a few at most."""
        task = {"undoes": None, **naming.begins("task_id", name)}
        which = {
            **layout.of_workflow(workflow),
            "$or": [task, naming.begins("ticket_id", name)],
        }
        most = store_names.CANDIDATES_MAX + 1
        return await self._mongo.find("tickets", which, order=_IN_ORDER, limit=most)

    async def names(self, workflow: int, numbers: Sequence[int]) -> dict[int, str]:
        """Return the names of the tickets with these numbers, compensations as such."""
        ids = [layout.ticket_name(workflow, number) for number in numbers]
        found = await self._mongo.find_named("tickets", ids, number=1, task_id=1, undoes=1)
        return {
            one["number"]: one["task_id"]
            if one["undoes"] is None
            else timeline.undoing(one["task_id"])
            for one in found
            if "task_id" in one
        }

    async def by_stage(self, workflows: Sequence[int]) -> dict[int, list[Document]]:
        """Return for each workflow how many of its tasks are in which stage and attempt."""
        groups: dict[int, list[Document]] = {key: [] for key in workflows}
        for start in range(0, len(workflows), _WORKFLOWS_AT_ONCE):
            some = workflows[start : start + _WORKFLOWS_AT_ONCE]
            of_them = {"$or": [layout.of_workflow(key) for key in some]}
            by = {name: f"$state.{name}" for name in ("stage", "attempt")}
            stages = [
                {"$match": {**of_them, "undoes": None, **_WHOLE}},
                {"$group": {"_id": {"workflow": "$workflow", **by}, "count": {"$sum": 1}}},
            ]
            for group in await self._mongo.grouped("tickets", stages):
                groups[group["_id"]["workflow"]].append(group)
        return groups
