"""The journals of plans: one document for each run of facts that were appended together.

A document's name follows from its workflow and its first fact, and a run begins where the one
before it ends. So an append is one insert, and of two that follow the same fact the second finds
the name taken. That holds only if `first - 1` really is the end of a run: we know it from our own
append or from reading, and look where we do not.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import orjson

from orchestrator_dynamic.adapters.mongodb import layout, parts
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.adapters.mongodb.together import each
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.ports.records import FactRecord
from orchestrator_dynamic.ports.shared_ledger import Overtaken

# A run whose texts are longer is kept in pieces; MongoDB takes 16 MB a document.
_RUN_CHARACTERS_MAX = 3 * 1024 * 1024

# Runs read at a time: a turn has a few facts, so that this is a small answer.
_RUNS_AT_ONCE = 500

# The same for a page, which a few runs may fill.
_RUNS_READ_AHEAD = 100

# Plans whose journal's end is remembered; more than a process drives at a time.
_ENDS_MAX = 20_000

_NAME = {"_id": 1}

# Who lost a race so often is better off with a fresh look at the journal.
_TRIES = 5


class Journal:
    """Appends to journals, and reads them. Keys are those of the database."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        # Where a run ended once, one always ends: what is remembered may be old, never wrong.
        self._ends: OrderedDict[int, int] = OrderedDict()

    async def append(self, facts: Sequence[FactRecord]) -> dict[int, int]:
        """Append each plan's facts together, unless they are there; return the last of each plan.

        Raises:
            Overtaken: a journal goes on otherwise; nothing was appended to that one.
        """
        plans: dict[int, list[FactRecord]] = {}
        for fact in facts:
            plans.setdefault(fact.workflow, []).append(fact)
        for told in plans.values():
            told.sort(key=lambda fact: fact.seq)
            _check_gapless(told)
        lasts = {workflow: told[-1].seq for workflow, told in plans.items()}
        unsure = [told for told in plans.values() if not self._follows(told)]
        await each(unsure, partial(self._pass_over, plans))
        for _ in range(_TRIES):
            if not (collided := await self._insert(plans)):
                return lasts
            plans = {told[0].workflow: told for told in collided}
            await each(collided, partial(self._pass_over, plans))
        names = ", ".join(str(workflow) for workflow in plans)
        raise Overtaken(f"others append to the journals of {names} all the time")

    def _follows(self, told: Sequence[FactRecord]) -> bool:
        """Tell whether a run is known to end where `told` begins."""
        return told[0].seq == 1 or self._ends.get(told[0].workflow) == told[0].seq - 1

    async def _insert(self, plans: dict[int, list[FactRecord]]) -> list[list[FactRecord]]:
        """Insert a run for each plan, and return those whose names were taken."""
        runs = [told for told in plans.values() if told]
        documents = [await self._document(told) for told in runs]
        taken = set(await self._mongo.insert("journal", documents))
        for place, told in enumerate(runs):
            if place not in taken:
                self._remember(told[0].workflow, told[-1].seq)
        return [runs[place] for place in sorted(taken)]

    async def _document(self, told: Sequence[FactRecord]) -> Document:
        workflow, first = told[0].workflow, told[0].seq
        document: Document = {
            "_id": layout.run_name(workflow, first),
            "workflow": workflow,
            "first": first,
            "last": told[-1].seq,
            "facts": [[fact.at, fact.kind, fact.version, fact.body] for fact in told],
        }
        if sum(len(fact.body) for fact in told) > _RUN_CHARACTERS_MAX:
            data = orjson.dumps(document.pop("facts"))
            owner = document["owner"] = f"{document['_id']}/{parts.content_name(data)}"
            document["parts"] = await parts.put(self._mongo, owner, data, workflow=workflow)
        return document

    async def _pass_over(self, plans: dict[int, list[FactRecord]], told: list[FactRecord]) -> None:
        """Leave in `plans` what the journal does not have yet of `told`.

        Raises:
            Overtaken: it has something else there, or does not reach so far.
        """
        workflow, first = told[0].workflow, told[0].seq
        kept = await self.after(workflow, first - 2)
        end = kept[-1].seq if kept else 0
        kept = [fact for fact in kept if fact.seq >= first]
        common = min(len(kept), len(told))
        if end < first - 1 or kept[:common] != told[:common]:
            raise Overtaken(f"the journal of workflow {workflow} goes on otherwise at {first}")
        plans[workflow] = told[common:]

    async def last_seq(self, workflow: int) -> int:
        """Return the place of the last fact; 0 where there is none."""
        which = layout.of_workflow(workflow)
        newest = await self._mongo.find("journal", which, order=[("_id", -1)], limit=1)
        return int(newest[0]["last"]) if newest else 0

    async def after(self, workflow: int, seq: int) -> list[FactRecord]:
        """Return the facts above `seq`, in order.

        Read from the end, for it is the end that is asked for; what is appended meanwhile does not
        matter to who asked before.
        """
        runs: list[Document] = []
        below = layout.of_workflow(workflow)
        while True:
            some = await self._mongo.find(
                "journal", below, order=[("_id", -1)], limit=_RUNS_AT_ONCE
            )
            runs += [run for run in some if run["last"] > seq]
            if len(some) < _RUNS_AT_ONCE or some[-1]["first"] <= seq + 1:
                break
            below["_id"]["$lt"] = some[-1]["_id"]
        facts: list[FactRecord] = []
        for run in reversed(runs):
            facts += await self._facts_of(run)
        if facts:
            _check_gapless(facts)
            self._remember(workflow, facts[-1].seq)
        return [fact for fact in facts if fact.seq > seq]

    async def onward(self, workflow: int, seq: int) -> AsyncGenerator[FactRecord]:
        """Yield the facts above `seq` in order, for who stops soon: read as they are needed."""
        which = layout.of_workflow(workflow)
        until = {"_id": {**which["_id"], "$lte": layout.run_name(workflow, seq + 1)}}
        newest, oldest = [("_id", -1)], [("_id", 1)]
        for run in await self._mongo.find("journal", until, fields=_NAME, order=newest, limit=1):
            which["_id"]["$gte"] = run["_id"]
        last = seq
        while True:
            some = await self._mongo.find("journal", which, order=oldest, limit=_RUNS_READ_AHEAD)
            for run in some:
                facts = [fact for fact in await self._facts_of(run) if fact.seq > seq]
                if facts and facts[0].seq != last + 1:
                    raise _missing(workflow, last + 1, facts[0].seq)
                for fact in facts:
                    last = fact.seq
                    yield fact
            if len(some) < _RUNS_READ_AHEAD:
                return
            which["_id"]["$gt"] = some[-1]["_id"]

    async def _facts_of(self, run: Document) -> list[FactRecord]:
        rows = run.get("facts")
        if rows is None:
            rows = orjson.loads(await parts.get(self._mongo, run["owner"], run["parts"]))
        workflow, first = run["workflow"], run["first"]
        return [FactRecord(workflow, first + place, *row) for place, row in enumerate(rows)]

    async def end(self, workflow: int) -> int:
        """Return the number of the journal's last fact, 0 where it has none."""
        order = [("_id", -1)]
        runs = await self._mongo.find(
            "journal", layout.of_workflow(workflow), fields={"last": 1}, order=order, limit=1
        )
        end = int(runs[0]["last"]) if runs else 0
        self._remember(workflow, end)
        return end

    def known_end(self, workflow: int) -> int | None:
        """Return the end as it was seen last, without asking; None where it was not."""
        return self._ends.get(workflow)

    def _remember(self, workflow: int, end: int) -> None:
        self._ends[workflow] = end
        self._ends.move_to_end(workflow)
        if len(self._ends) > _ENDS_MAX:
            self._ends.popitem(last=False)


def _check_gapless(facts: Sequence[FactRecord]) -> None:
    first = facts[0]
    for place, fact in enumerate(facts):
        if fact.seq != first.seq + place:
            raise _missing(first.workflow, first.seq + place, fact.seq)


def _missing(workflow: int, seq: int, before: int) -> InvariantViolation:
    message = f"fact {seq} of workflow {workflow} is missing before {before}"
    return InvariantViolation(message)
