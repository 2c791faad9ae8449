"""A `Store` over MongoDB: what is recorded of all plans, those of engines that are copied included.

Newest first means accepted last: keys of several engines say nothing about which came first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

import orjson

from orchestrator_dynamic.adapters.mongodb import filtering, naming, parts, reading
from orchestrator_dynamic.adapters.mongodb.database import Document, Mongo
from orchestrator_dynamic.adapters.mongodb.decisions import Decisions
from orchestrator_dynamic.adapters.mongodb.journal import Journal
from orchestrator_dynamic.adapters.mongodb.tickets import Tickets
from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.ids import DecisionId, TicketId, WorkflowId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports import store_names
from orchestrator_dynamic.ports.dead_letters import DeadLetter, DeadLetterPage
from orchestrator_dynamic.ports.filters import EVERY_TICKET, TicketFilter, WorkflowFilter
from orchestrator_dynamic.ports.records import FactRecord, StoredPlan
from orchestrator_dynamic.ports.store import (
    PAGE_MAX,
    Arrival,
    AuditEntry,
    Ending,
    NotFound,
    StoredAnswer,
    StoredMessage,
    StoredTicket,
    StoredWorkflow,
    TimelineEntry,
    WorkflowPage,
)
from orchestrator_dynamic.wire import timeline

_NEWEST = [("accepted_at", -1), ("_id", -1)]
_WITHOUT_BODY = {"body": 0}


class MongoStore:
    """A `Store` over what `database.connected` has opened."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._decisions = Decisions(mongo)
        self._journal = Journal(mongo)
        self._tickets = Tickets(mongo)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Each answer is of its own moment: only a replica set could do more, and not long."""
        yield

    async def workflows(
        self, wanted: WorkflowFilter, *, limit: int = 50, after: str | None = None
    ) -> WorkflowPage:
        """As the port says."""
        conditions = filtering.workflows(wanted)
        if after is not None:
            at, key = naming.numbers_of_page(after, 2)
            same = {"accepted_at": at, "_id": {"$lt": key}}
            conditions.append({"$or": [{"accepted_at": {"$lt": at}}, same]})
        most = _page(limit)
        every = {"$and": conditions} if conditions else {}
        found = await self._mongo.find("workflows", every, order=_NEWEST, limit=most + 1)
        last = found[most - 1] if len(found) > most else None
        page = tuple(await self._shown(found[:most]))
        return WorkflowPage(page, None if last is None else f"{last['accepted_at']}.{last['_id']}")

    async def workflow(self, name: str) -> StoredWorkflow:
        """As the port says; a whole id counts before the beginning of one."""
        found = await self._named(name) if name else []
        if not found:
            pruned = await self._pruned({"workflow_id": name})
            raise store_names.no_workflow(name, pruned or await self._pruned({"_id": name}))
        if len(found) > 1:
            raise store_names.several_workflows(name, [_candidate(one) for one in found])
        return (await self._shown(found))[0]

    async def workflow_by_id(self, workflow_id: WorkflowId) -> StoredWorkflow:
        """As the port says."""
        found = await self._mongo.one("workflows", {"workflow_id": workflow_id})
        if found is None:
            pruned = await self._pruned({"workflow_id": workflow_id})
            raise store_names.no_workflow(workflow_id, pruned)
        return (await self._shown([found]))[0]

    async def workflow_of_ticket(self, ticket_id: TicketId) -> StoredWorkflow:
        """As the port says."""
        ticket = await self._mongo.one("tickets", {"ticket_id": ticket_id})
        if ticket is None:
            raise NotFound(f"there is no ticket {ticket_id}")
        found = await self._mongo.one("workflows", {"_id": ticket["workflow"]})
        if found is None:
            raise store_names.gone()
        return (await self._shown([found]))[0]

    async def latest_of_plan(self, plan_id: str) -> StoredWorkflow:
        """As the port says."""
        found = await self._mongo.find("workflows", {"plan_id": plan_id}, order=_NEWEST, limit=1)
        if not found:
            raise NotFound(f"there is no plan {plan_id}")
        return (await self._shown(found))[0]

    async def ending(self, workflow_id: WorkflowId) -> Ending | None:
        """As the port says."""
        found = await self._mongo.one("workflows", {"workflow_id": workflow_id})
        if found is None:
            return await self._pruned({"workflow_id": workflow_id})
        return Ending(
            workflow_id=workflow_id,
            outcome=None if found["outcome"] is None else Outcome(found["outcome"]),
            phase=found["phase"],
            reason=found["reason"],
            ended_at=found["ended_at"],
            pruned_at=None,
        )

    async def arrival(self, workflow: StoredWorkflow) -> Arrival:
        """As the port says."""
        decision = await self._decision(workflow)
        return Arrival(
            envelope=decision["envelope"],
            source=decision["source"],
            received_at=decision["received_at"],
            content_hash=decision["content_hash"],
        )

    async def stages(self, workflow: StoredWorkflow) -> Mapping[Stage, int]:
        """As the port says."""
        groups = await self._tickets.by_stage([workflow.key])
        return reading.in_stages(groups[workflow.key])

    async def tickets(
        self,
        workflow: StoredWorkflow,
        *,
        limit: int | None = None,
        after: int = -1,
        wanted: TicketFilter = EVERY_TICKET,
    ) -> tuple[StoredTicket, ...]:
        """As the port says."""
        found = await self._tickets.after(workflow.key, after, limit, filtering.tickets(wanted))
        return tuple(map(reading.ticket, found))

    async def ticket(self, workflow: StoredWorkflow, name: str) -> StoredTicket:
        """As the port says."""
        if found := await self._tickets.called(workflow.key, name):
            return reading.ticket(found)
        matching = await self._tickets.beginning(workflow.key, name)
        if len(matching) == 1:
            return reading.ticket(matching[0])
        raise store_names.not_one_ticket(name, workflow, [one["task_id"] for one in matching])

    async def timeline(
        self,
        workflow: StoredWorkflow,
        *,
        last: int | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> tuple[TimelineEntry, ...]:
        """As the port says; without a limit, costs the length of the journal after `after`."""
        if limit is None:
            journal = await self._journal.after(workflow.key, after)
            facts = [fact for fact in journal if fact.kind != timeline.NO_NEWS]
        else:
            facts = await self._news(workflow.key, after, limit)
        if last is not None:
            facts = facts[max(len(facts) - last, 0) :]
        told = [(fact, timeline.body_of(fact)) for fact in facts]
        numbers = {number for _, body in told for number in timeline.numbers_in(body)}
        names = await self._tickets.names(workflow.key, sorted(numbers))
        return tuple(timeline.entry(fact, body, names) for fact, body in told)

    async def last_seq(self, workflow: StoredWorkflow) -> int:
        """As the port says."""
        return await self._journal.last_seq(workflow.key)

    async def decision(self, workflow: StoredWorkflow) -> bytes:
        """As the port says."""
        text = await self._decisions.text(await self._decision(workflow))
        if text is None:
            raise store_names.gone()
        return text

    async def history(
        self, workflow: StoredWorkflow, ticket: StoredTicket
    ) -> tuple[TimelineEntry, ...]:
        """As the port says; costs the length of the plan's journal."""
        journal = await self._journal.after(workflow.key, 0)
        told = [(one, timeline.body_of(one)) for one in journal if one.kind != timeline.NO_NEWS]
        return tuple(
            timeline.entry_about(fact, body, ticket.number, ticket.task_id)
            for fact, body in told
            if ticket.number in timeline.numbers_in(body)
        )

    async def answers(
        self, workflow: StoredWorkflow, ticket: StoredTicket
    ) -> tuple[StoredAnswer, ...]:
        """As the port says."""
        which = {"workflow": workflow.key, "ticket_id": ticket.ticket_id}
        order = [("at", 1), ("turn", 1), ("place", 1)]
        found = await self._mongo.find("results", which, order=order)
        whole = [await parts.bring_large(self._mongo, one, "payload") for one in found]
        return tuple(map(reading.answer, whole))

    async def audit(self, workflow: StoredWorkflow) -> tuple[AuditEntry, ...]:
        """As the port says."""
        which, order = {"workflow_id": workflow.workflow_id}, [("at", 1), ("number", 1)]
        return tuple(
            AuditEntry(
                at=one["at"],
                action=one["action"],
                actor=one["actor"],
                detail=orjson.loads(one["detail"]),
            )
            for one in await self._mongo.find("audit", which, order=order)
        )

    async def incidents(self, workflow: StoredWorkflow) -> tuple[OrchestrationIncident, ...]:
        """As the port says."""
        which, order = {"workflow_id": workflow.workflow_id}, [("created_at", 1), ("_id", 1)]
        found = await self._mongo.find("incidents", which, order=order)
        return tuple(OrchestrationIncident.model_validate_json(one["body"]) for one in found)

    async def telemetry(self, workflow: StoredWorkflow) -> TelemetryFrame | None:
        """As the port says."""
        which = {"key": workflow.plan_id}
        for one in await self._mongo.find("messages", which, order=[("number", 1)]):
            value = (await parts.bring_large(self._mongo, one, "value"))["value"]
            correlation = orjson.loads(value).get("correlation")
            if correlation and correlation.get("workflow_id") == workflow.workflow_id:
                return TelemetryFrame.model_validate_json(value)
        return None

    async def messages(
        self, *, topic: str | None = None, buffered_only: bool = False, limit: int = 50
    ) -> tuple[StoredMessage, ...]:
        """As the port says."""
        which: Document = {} if topic is None else {"topic": topic}
        if buffered_only:
            which["waiting"] = True
        order = [("number", -1)]
        found = await self._mongo.find("messages", which, order=order, limit=_page(limit))
        whole = [await parts.bring_large(self._mongo, one, "value") for one in found]
        return tuple(map(reading.message, whole))

    async def stored_plan(self, workflow: StoredWorkflow) -> StoredPlan:
        """As the port says."""
        text = await self.decision(workflow)
        facts = await self._journal.after(workflow.key, 0)
        return StoredPlan(workflow.key, workflow.workflow_id, text, facts)

    async def dead_letters(self, *, limit: int = 50, after: str | None = None) -> DeadLetterPage:
        """As the port says."""
        most = _page(limit)
        below = None if after is None else naming.numbers_of_page(after, 1)[0]
        found = await self._mongo.find(
            "dead_letters",
            {} if below is None else {"number": {"$lt": below}},
            fields=_WITHOUT_BODY,
            order=[("number", -1)],
            limit=most + 1,
        )
        letters = tuple(map(reading.dead_letter, found[:most]))
        return DeadLetterPage(letters, str(letters[-1].id) if len(found) > most else None)

    async def dead_letter(self, letter_id: int) -> tuple[DeadLetter, bytes]:
        """As the port says."""
        # MongoDB's integers end here; a larger number is nobody's.
        known = letter_id if abs(letter_id) < 2**63 else 0
        found = await self._mongo.one("dead_letters", {"number": known})
        if found is None:
            raise NotFound(f"there is no dead letter {letter_id}")
        whole = await parts.bring_large(self._mongo, found, "body")
        return reading.dead_letter(whole), bytes(whole["body"])

    async def _news(self, workflow: int, after: int, limit: int) -> list[FactRecord]:
        facts: list[FactRecord] = []
        if limit <= 0:
            return facts
        async with aclosing(self._journal.onward(workflow, after)) as journal:
            async for fact in journal:
                if fact.kind != timeline.NO_NEWS:
                    facts.append(fact)
                if len(facts) == limit:
                    break
        return facts

    async def _shown(self, found: Sequence[Document]) -> list[StoredWorkflow]:
        still_open = [one["_id"] for one in found if one["outcome"] is None]
        groups = await self._tickets.by_stage(still_open)
        return [reading.workflow(one, groups.get(one["_id"], [])) for one in found]

    async def _named(self, name: str) -> list[Document]:
        """Return the workflows that `name` may mean, newest first, a few at most."""
        # A workflow and its decision have one name each, a plan may have been run several times.
        ids = ("workflow_id", "decision_id", "plan_id")
        exact: list[Document] = [{one: name} for one in ids]
        for which in [*exact, {"$or": [naming.begins(one, name) for one in ids]}]:
            most = store_names.CANDIDATES_MAX + 1
            found = await self._mongo.find("workflows", which, order=_NEWEST, limit=most)
            if found:
                return found
        return []

    async def _decision(self, workflow: StoredWorkflow) -> Document:
        decision = await self._decisions.known(workflow.decision_id)
        if decision is None:
            raise store_names.gone()
        return decision

    async def _pruned(self, which: Document) -> Ending | None:
        found = await self._mongo.one("decisions", which)
        if found is None or "pruned_at" not in found:
            return None
        return Ending(
            workflow_id=workflow_id_of(DecisionId(found["_id"])),
            outcome=Outcome(found["outcome"]),
            phase="ENDED",
            reason="",
            ended_at=found["ended_at"],
            pruned_at=found["pruned_at"],
        )


def _candidate(found: Document) -> store_names.Candidate:
    stands = found["outcome"] or found["phase"]
    return store_names.Candidate(
        found["workflow_id"], found["plan_id"], stands, found["accepted_at"]
    )


def _page(limit: int) -> int:
    return max(1, min(limit, PAGE_MAX))
