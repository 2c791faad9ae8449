"""What is where in the database: collections, their indexes, and the names of documents.

Names sort like what they name, so that the index every collection has anyway finds all tickets of a
workflow, or its journal in order. Keys of several engines lie in ranges of 2^32, one an engine, of
which the first is that of the shared ledger.
"""

from typing import NamedTuple

from pymongo import IndexModel
from pymongo.errors import OperationFailure

from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.records import TICKETS_PER_WORKFLOW

KEYS_PER_RANGE = 1 << 32

# IndexOptionsConflict, IndexKeySpecsConflict, and rows that a unique index does not allow.
_CONFLICTS = frozenset({85, 86, 11000})


class Index(NamedTuple):
    """An index; `field` names descend where they begin with a minus."""

    collection: str
    name: str
    fields: tuple[str, ...]
    unique: bool = False

    @property
    def keys(self) -> list[tuple[str, int]]:
        """Its fields as the library wants them."""
        return [(one.lstrip("-"), -1 if one.startswith("-") else 1) for one in self.fields]


INDEXES = (
    Index("workflows", "by_id", ("workflow_id",), unique=True),
    Index("workflows", "by_decision", ("decision_id",), unique=True),
    Index("workflows", "newest", ("-accepted_at", "-_id")),
    Index("workflows", "by_plan", ("plan_id", "-accepted_at")),
    Index("workflows", "by_intent", ("intent_id", "-accepted_at")),
    Index("workflows", "by_outcome", ("outcome", "-accepted_at")),
    Index("decisions", "by_workflow", ("workflow_id",), unique=True),
    Index("tickets", "by_id", ("ticket_id",)),
    Index("results", "by_ticket", ("workflow", "ticket_id", "at")),
    Index("audit", "by_workflow", ("workflow_id", "at")),
    Index("incidents", "by_workflow", ("workflow_id", "created_at")),
    Index("messages", "by_number", ("number",)),
    Index("messages", "by_key", ("key", "number")),
    Index("messages", "waiting", ("base", "waiting", "number")),
    Index("dead_letters", "by_number", ("number",)),
    Index("dead_letters", "waiting", ("base", "waiting", "number")),
    Index("parts", "by_workflow", ("workflow",)),
)

# What disappears with the plan that it belongs to, or by itself; see `expiry`.
EXPIRING = (
    "workflows",
    "journal",
    "tickets",
    "results",
    "audit",
    "incidents",
    "messages",
    "dead_letters",
    "parts",
)
EXPIRY_INDEX = "expiry"


COUNTERS = ("workflows", "key_bases", "factless", "audit", "messages", "dead_letters")


async def ensure_indexes(mongo: Mongo) -> None:
    """Create what is missing of the indexes; those that are there cost nothing.

    Raises:
        Misconfigured: an index of this name is another one, or what is there contradicts it.
    """
    models: dict[str, list[IndexModel]] = {}
    for index in INDEXES:
        model = IndexModel(index.keys, name=index.name, unique=index.unique)
        models.setdefault(index.collection, []).append(model)
    for name in EXPIRING:
        # It deletes only documents that have such a moment, so that it is there in any case.
        model = IndexModel([("expires", 1)], name=EXPIRY_INDEX, expireAfterSeconds=0)
        models.setdefault(name, []).append(model)
    for collection, wanted in models.items():
        for model in wanted:
            await _create(mongo, collection, model)
    # So that two who count for the first time do not both make the counter.
    await mongo.insert("counters", [{"_id": name, "value": 0} for name in COUNTERS])


async def _create(mongo: Mongo, collection: str, model: IndexModel) -> None:
    async def work() -> None:
        try:
            await mongo.database[collection].create_indexes([model])
        except OperationFailure as error:
            if error.code not in _CONFLICTS:
                raise
            where = f"{mongo.database.name}.{collection}"
            name = model.document["name"]
            remedy = "drop it, or name another database"
            raise Misconfigured(f"the index {name} of {where} is not ours; {remedy}") from error

    await mongo.asked(f"creating an index of {collection}", work())


async def missing_indexes(mongo: Mongo) -> list[str]:
    """Return the names of indexes that are not there yet, as `collection.index`."""
    wanted: dict[str, set[str]] = {name: {EXPIRY_INDEX} for name in EXPIRING}
    for index in INDEXES:
        wanted.setdefault(index.collection, set()).add(index.name)
    missing: list[str] = []
    for collection, names in wanted.items():
        work = mongo.database[collection].index_information()
        there = await mongo.asked(f"looking at the indexes of {collection}", work)
        missing += [f"{collection}.{name}" for name in sorted(names - set(there))]
    return missing


def ticket_name(workflow: int, number: int) -> str:
    """Return the `_id` of a ticket's document."""
    return f"{workflow:016x}{number:05x}"


def ticket_of_key(key: int, base: int) -> tuple[int, int]:
    """Return workflow and number of a ticket that has `key` in the range that begins at `base`."""
    workflow, number = divmod(key, TICKETS_PER_WORKFLOW)
    return base + workflow, number


def run_name(workflow: int, first: int) -> str:
    """Return the `_id` of the part of a journal that begins with the fact `first`."""
    return f"{workflow:016x}{first:08x}"


def of_workflow(workflow: int, after: str = "") -> Document:
    """Return the condition that an `_id` belongs to `workflow`, and comes after its `after`."""
    return {"_id": {"$gte": f"{workflow:016x}{after}", "$lt": f"{workflow + 1:016x}"}}


def in_range(base: int) -> Document:
    """Return the condition that the key of a workflow is of the range that begins at `base`."""
    return {"$gte": base, "$lt": base + KEYS_PER_RANGE}
