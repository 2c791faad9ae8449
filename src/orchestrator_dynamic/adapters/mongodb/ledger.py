"""A `SharedLedger` and its `Outbox` in MongoDB, without transactions.

Every step is atomic by itself and may be repeated: an append is one insert, records have names that
follow from what they say, and what may change about a ticket says how late it is. Facts come first
and a plan's own record last, so that whoever sees that a plan has ended sees all of its records.
"""

from collections.abc import Iterator, Mapping, Sequence

from orchestrator_dynamic.adapters.mongodb import layout, parts, rows
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.adapters.mongodb.decisions import Decisions
from orchestrator_dynamic.adapters.mongodb.expiry import Expiry
from orchestrator_dynamic.adapters.mongodb.journal import Journal
from orchestrator_dynamic.adapters.mongodb.outbox import MongoOutbox
from orchestrator_dynamic.adapters.mongodb.together import together
from orchestrator_dynamic.adapters.mongodb.turns import Late, lateness
from orchestrator_dynamic.errors import InvariantViolation, Refused
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    DecisionRecord,
    FactRecord,
    StoredPlan,
    TicketPlace,
    WorkflowRecord,
)
from orchestrator_dynamic.ports.shared_ledger import Known


class MongoLedger(MongoOutbox):
    """A `SharedLedger` and `Outbox` over what `database.connected` has opened.

    Args:
        key_base: added to the keys of all workflows that it is given, so that an engine with keys
            of its own can be copied here; it must be the only one that writes under this base, see
            `reserve_keys`. The ledger sees only plans of its own base.
        retention_days: ended plans, and messages that were sent, go after so many days; None keeps
            everything for good.
    """

    def __init__(
        self, mongo: Mongo, *, key_base: int = 0, retention_days: int | None = None
    ) -> None:
        super().__init__(mongo, key_base, Expiry(mongo, retention_days))
        self._decisions = Decisions(mongo)
        self._journal = Journal(mongo)

    async def ensure_indexes(self) -> None:
        """Create indexes that are missing; to be done before anything is kept.

        Raises:
            Misconfigured: there is an index that is not ours.
        """
        await layout.ensure_indexes(self._mongo)

    async def catch_up_with_retention(self) -> int:
        """Let go what ended before `retention_days` was set; return how many plans that are."""
        return await self._expiry.catch_up()

    async def reserve_keys(self) -> int:
        """Return a `key_base` that nobody else has been given; it is for good."""
        return await self._mongo.counted("key_bases") * layout.KEYS_PER_RANGE

    async def take_in(self, decision: DecisionRecord, workflow: WorkflowRecord) -> Known:
        """As the port says; of two that arrive at the same moment one leaves a gap in the keys."""
        kept, new = await self._decisions.known(decision.decision_id), False
        if kept is None:
            key = self._base + await self._mongo.counted("workflows")
            numbered = decision._replace(workflow=key)
            kept, new = await self._decisions.keep(numbered, workflow.workflow_id)
        key, outcome = int(kept["workflow"]), kept.get("outcome")
        found = await self._mongo.one("workflows", {"_id": key})
        if found is not None:
            if found["workflow_id"] != kept["workflow_id"]:
                both = f"{found['workflow_id']} and {kept['workflow_id']}"
                raise InvariantViolation(f"{both} have the same key {key}")
            outcome = found["outcome"]
        elif outcome is None:
            # Also where another was interrupted before it came to this.
            begun = rows.workflow_update(workflow._replace(workflow=key), 0, Late(0))
            await self._mongo.upsert("workflows", [begun])
        return Known(key - self._base, kept["workflow_id"], kept["content_hash"], outcome, new)

    async def commit(self, batch: Batch) -> None:
        """As the port says; what operators have asked of an engine stays with that engine.

        Raises:
            Refused: it has a decision that is kept under another key, or a record that is larger
                than 16 MB although its payload is kept apart.
        """
        base = self._base
        for decision in batch.decisions:
            await self._keep(decision, batch)
        lasts = await self._journal.append(
            [fact._replace(workflow=base + fact.workflow) for fact in batch.facts]
        )
        workflows = {layout.ticket_of_key(key, base)[0] for key in _ticket_keys(batch)}
        workflows |= {base + key for key in batch.workflows}
        workflows |= {base + one.workflow for one in batch.answers if one.workflow is not None}
        alone = base != 0
        late = await lateness(self._mongo, self._journal, workflows, lasts, alone=alone)
        await together(
            self._keep_tickets(batch, late),
            self._keep_answers(batch, late),
            self._keep_audit(batch),
            self._keep_incidents(batch),
            self._keep_messages(batch),
            self._keep_dead_letters(batch),
        )
        await self._keep_workflows(batch, late)
        await self._expiry.settle(workflows | lasts.keys())

    async def plan(self, workflow_id: str) -> StoredPlan | None:
        """As the port says."""
        decision = await self._decisions.of_workflow(workflow_id)
        if decision is None or not self._is_ours(decision["workflow"]):
            return None
        text = await self._decisions.text(decision)
        if text is None:
            return None
        key = decision["workflow"] - self._base
        return StoredPlan(key, workflow_id, text, list(await self.facts_after(key, 0)))

    async def facts_after(self, workflow: int, seq: int) -> Sequence[FactRecord]:
        """As the port says."""
        facts = await self._journal.after(self._base + workflow, seq)
        return [fact._replace(workflow=workflow) for fact in facts]

    async def open_plans(self) -> Sequence[tuple[int, str]]:
        """As the port says."""
        which = {"outcome": None, "phase": {"$ne": "HALTED"}}
        return [(one["_id"] - self._base, one["workflow_id"]) for one in await self._open(which)]

    async def places_of(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """As the port says."""
        fields = {"ticket_id": 1, "workflow": 1, "number": 1}
        found = await self._mongo.find_named("tickets", ticket_ids, field="ticket_id", **fields)
        keys = sorted({one["workflow"] for one in found if self._is_ours(one["workflow"])})
        plans = await self._mongo.find_named("workflows", keys, workflow_id=1)
        names = {one["_id"]: one["workflow_id"] for one in plans}
        return {
            one["ticket_id"]: TicketPlace(key - self._base, names[key], one["number"])
            for one in found
            if (key := one["workflow"]) in names
        }

    async def parked(self, plan_id: str) -> Sequence[str]:
        """As the port says."""
        found = await self._open({"plan_id": plan_id, "outcome": None})
        return [one["workflow_id"] for one in found]

    async def _open(self, which: Document) -> list[Document]:
        ours = {**which, "_id": layout.in_range(self._base)}
        return await self._mongo.find(
            "workflows", ours, fields={"workflow_id": 1}, order=[("_id", 1)]
        )

    def _is_ours(self, key: int) -> bool:
        return self._base <= key < self._base + layout.KEYS_PER_RANGE

    async def _keep(self, decision: DecisionRecord, batch: Batch) -> None:
        key = self._base + decision.workflow
        kept = await self._decisions.known(decision.decision_id)
        if kept is None:
            begun = batch.workflows.get(decision.workflow)
            workflow_id = f"orch-{decision.decision_id}" if begun is None else begun.workflow_id
            kept, _ = await self._decisions.keep(decision._replace(workflow=key), workflow_id)
        if kept["workflow"] != key:
            message = f"{decision.decision_id} is kept as workflow {kept['workflow']}"
            raise Refused(f"{message}; it cannot be {key} as well")

    async def _keep_tickets(self, batch: Batch, late: dict[int, Late]) -> None:
        await self._mongo.upsert("tickets", rows.ticket_updates(batch, self._base, late))

    async def _keep_answers(self, batch: Batch, late: dict[int, Late]) -> None:
        documents = rows.answers(batch.answers, self._base, late)
        for one in documents:
            if one["workflow"] is None:
                one |= self._expiry.after(one["at"])
            await parts.put_large(self._mongo, [one], "payload", workflow=one["workflow"])
        await self._mongo.insert("results", documents)

    async def _keep_audit(self, batch: Batch) -> None:
        if batch.audit:
            first = await self._numbers("audit", len(batch.audit))
            await self._mongo.insert("audit", rows.audit(batch.audit, first))

    async def _keep_incidents(self, batch: Batch) -> None:
        await self._mongo.insert("incidents", [rows.incident(one) for one in batch.incidents])

    async def _keep_messages(self, batch: Batch) -> None:
        if batch.messages:
            first = await self._numbers("messages", len(batch.messages))
            documents = rows.messages(batch.messages, self._base, first)
            await self._keep_leaving("messages", documents, "value", "created_at")

    async def _keep_dead_letters(self, batch: Batch) -> None:
        if batch.dead_letters:
            first = await self._numbers("dead_letters", len(batch.dead_letters))
            documents = rows.dead_letters(batch.dead_letters, self._base, first)
            await self._keep_leaving("dead_letters", documents, "body", "at")

    async def _keep_leaving(
        self, name: str, documents: list[Document], field: str, moment: str
    ) -> None:
        """Keep what may go once it has been sent, or at once where nobody is to have it."""
        for one in documents:
            goes = {} if one["waiting"] else self._expiry.after(one["sent_at"] or one[moment])
            one |= goes
            await parts.put_large(self._mongo, [one], field, workflow=None, **goes)
        await self._mongo.insert(name, documents)

    async def _keep_workflows(self, batch: Batch, late: dict[int, Late]) -> None:
        records = list(batch.workflows.values())
        updates = [
            rows.workflow_update(one, self._base, late[self._base + one.workflow])
            for one in records
        ]
        # What found no match has gone further already, unless its name belongs to another.
        unmatched = [records[place] for place in await self._mongo.upsert("workflows", updates)]
        keys = {self._base + one.workflow: one.workflow_id for one in unmatched}
        for found in await self._mongo.find_named("workflows", sorted(keys), workflow_id=1):
            if keys.pop(found["_id"]) != found["workflow_id"]:
                raise InvariantViolation(f"workflow {found['_id']} is {found['workflow_id']}")
        if keys:
            names = ", ".join(keys.values())
            raise InvariantViolation(f"{names}: kept under other keys than {sorted(keys)}")

    async def _numbers(self, counter: str, count: int) -> int:
        """Return the first of so many numbers that nobody else has."""
        return await self._mongo.counted(counter, count) - count + 1


def _ticket_keys(batch: Batch) -> Iterator[int]:
    yield from (one.key for one in batch.tickets)
    yield from (one.key for one in batch.changes)
    yield from (one.key for one in batch.progress)
