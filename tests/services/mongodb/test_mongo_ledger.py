"""What the ledger in MongoDB does beyond its contract: ranges of keys, halves, retention."""

from datetime import UTC, datetime

import pytest

from orchestrator_dynamic.adapters.mongodb.database import connected
from orchestrator_dynamic.adapters.mongodb.decisions import Decisions
from orchestrator_dynamic.adapters.mongodb.layout import EXPIRING, KEYS_PER_RANGE
from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.adapters.mongodb.store import MongoStore
from orchestrator_dynamic.errors import Misconfigured, Refused
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import IncidentRecord, MessageRecord
from orchestrator_dynamic.ports.store import NotFound
from tests.services.mongodb.shared_mongo import SharedMongo
from tests.support.ledgers import (
    NOON,
    a_decision_row,
    a_fact,
    a_plan_on_record,
    a_ticket_row,
    a_workflow,
    ended,
)
from tests.support.shared_ledgers import a_ticket_change, a_turn, taken_in, told

DAY_MS = 24 * 60 * 60 * 1_000


async def test_every_engine_gets_a_range_of_keys_of_its_own(place: SharedMongo) -> None:
    """Two data directories number their plans alike."""
    async with place.opened() as mongo:
        bases = [await MongoLedger(mongo).reserve_keys() for _ in range(3)]

    assert bases == [KEYS_PER_RANGE, 2 * KEYS_PER_RANGE, 3 * KEYS_PER_RANGE]


async def test_ranges_do_not_meet(place: SharedMongo) -> None:
    """An engine's plans are its own to drive, and everybody's to read."""
    async with place.opened() as mongo:
        shared = MongoLedger(mongo)
        await shared.ensure_indexes()
        copied = [MongoLedger(mongo, key_base=await shared.reserve_keys()) for _ in range(2)]
        await taken_in(shared, 9)
        late = NOON + 1_000
        for number, ledger in enumerate(copied, start=1):
            record = a_workflow(1, workflow_id=f"orch-{number}", decision_id=f"{number}")
            batch = a_plan_on_record(record._replace(accepted_at=late + number), facts=2)
            batch.decisions = [a_decision_row()._replace(decision_id=f"{number}")]
            batch.tickets = [a_ticket_row()._replace(ticket_id=f"ticket-of-{number}")]
            batch.messages = [MessageRecord("alerts", "k", "{}", NOON, None)]
            await ledger.commit(batch)

        assert await shared.open_plans() == [(1, "orch-decision-9")]
        assert await copied[1].open_plans() == [(1, "orch-2")]
        assert await copied[0].plan("orch-2") is None
        assert await shared.places_of(["ticket-of-1"]) == {}
        assert (await copied[0].places_of(["ticket-of-1", "ticket-of-2"])).keys() == {"ticket-of-1"}
        assert await copied[0].facts_after(1, 0) == [a_fact(1, 1), a_fact(1, 2)]
        assert await shared.waiting(10) == []
        assert len(await copied[0].waiting(10)) == 1
        page = await MongoStore(mongo).workflows(WorkflowFilter(), limit=2)
        rest = await MongoStore(mongo).workflows(WorkflowFilter(), limit=2, after=page.next)
        names = [one.workflow_id for one in (*page.workflows, *rest.workflows)]
        assert names == ["orch-2", "orch-1", "orch-decision-9"]


async def test_a_decision_whose_taking_in_was_interrupted_gets_its_workflow(
    place: SharedMongo,
) -> None:
    """It is kept in two steps; whoever brings it again takes the second."""
    async with place.opened() as mongo:
        ledger = MongoLedger(mongo)
        await ledger.ensure_indexes()
        await Decisions(mongo).keep(a_decision_row()._replace(workflow=5), "orch-decision-1")

        known = await taken_in(ledger)

        assert (known.workflow, known.new) == (5, False)
        assert await ledger.open_plans() == [(5, "orch-decision-1")]


async def test_what_a_newer_turn_changed_is_not_lost_before_the_ticket_is_there(
    place: SharedMongo,
) -> None:
    """One process died between facts and records, another went on, then the first is repeated."""
    async with place.opened() as mongo:
        ledger, store = MongoLedger(mongo), MongoStore(mongo)
        await ledger.ensure_indexes()
        await taken_in(ledger)
        await ledger.commit(told(1, 1))
        newer = a_ticket_change(1, stage="COMPLETED", status="COMPLETED")
        await ledger.commit(Batch(facts=[a_fact(1, 2)], changes=[newer]))
        assert await store.tickets(await store.workflow("decision-1")) == ()

        await ledger.commit(Batch(facts=[a_fact(1, 1)], tickets=[a_ticket_row()]))

        [ticket] = await store.tickets(await store.workflow("decision-1"))
        assert (ticket.task_id, ticket.stage) == ("task-0", "COMPLETED")


async def test_a_journal_of_many_turns_is_read_in_order(place: SharedMongo) -> None:
    """More runs than are read at a time, from the beginning and from the end."""
    async with place.opened() as mongo:
        ledger = MongoLedger(mongo)
        await ledger.ensure_indexes()
        for seq in range(1, 1_203, 2):
            await ledger.commit(told(1, seq, seq + 1))

        fresh = MongoLedger(mongo)
        assert await fresh.facts_after(1, 0) == [a_fact(1, seq) for seq in range(1, 1_203)]
        assert [fact.seq for fact in await fresh.facts_after(1, 100)] == list(range(101, 1_203))
        assert [fact.seq for fact in await fresh.facts_after(1, 1_199)] == [1_200, 1_201, 1_202]


async def test_nothing_goes_unless_it_is_asked_for(place: SharedMongo) -> None:
    """The audit is kept for good where nobody says otherwise."""
    async with place.opened() as mongo:
        ledger = MongoLedger(mongo)
        await ledger.ensure_indexes()
        await taken_in(ledger)
        await ledger.commit(a_turn(1))

        for name in EXPIRING:
            assert await mongo.find(name, {"expires": {"$ne": None}}) == []


async def test_a_plan_goes_with_all_that_is_its_own_and_its_decision_stays_known(
    place: SharedMongo,
) -> None:
    """A decision that comes again after its plan was deleted must start nothing."""
    async with place.opened() as mongo:
        ledger, store = MongoLedger(mongo, retention_days=7), MongoStore(mongo)
        await ledger.ensure_indexes()
        for number in (1, 2):
            await taken_in(ledger, number)
        await ledger.commit(told(2, 1))
        await ledger.commit(a_turn(1))
        sent = [one.id for one in await ledger.waiting(10)]
        await ledger.sent(sent, NOON)
        moment = datetime.fromtimestamp((NOON + 7 * DAY_MS) / 1_000, UTC).replace(tzinfo=None)
        await delete_expired(mongo_place=place, until=moment)

        left = {name: len(await mongo.find(name, {})) for name in EXPIRING}
        assert left == dict.fromkeys(EXPIRING, 0) | {"workflows": 1, "journal": 1, "parts": 1}
        known = await taken_in(ledger)
        assert (known.outcome, known.new) == ("SUCCESS", False)
        assert await ledger.plan("orch-decision-1") is None
        ending = await store.ending(WorkflowId("orch-decision-1"))
        assert ending is not None
        assert (ending.outcome, ending.pruned_at) == (Outcome.SUCCESS, NOON + 7 * DAY_MS)
        with pytest.raises(NotFound, match="was pruned"):
            await store.workflow("decision-1")
        with pytest.raises(NotFound, match="was pruned"):
            await store.workflow_by_id(WorkflowId("orch-decision-1"))
        assert (await ledger.plan("orch-decision-2")) is not None


async def test_retention_reaches_what_ended_before_it_was_set(place: SharedMongo) -> None:
    """A setting that only counts from now on would leave the old for good."""
    async with place.opened() as mongo:
        ledger = MongoLedger(mongo)
        await ledger.ensure_indexes()
        for number in (1, 2):
            await taken_in(ledger, number)
        await ledger.commit(Batch(facts=[a_fact()], workflows={1: ended()}))

        with_days = MongoLedger(mongo, retention_days=1)
        assert await with_days.catch_up_with_retention() == 1
        assert await with_days.catch_up_with_retention() == 0

        assert len(await mongo.find("workflows", {"expires": {"$ne": None}})) == 1


async def test_an_index_of_somebody_else_stops_the_start(place: SharedMongo) -> None:
    """Without ours two processes could keep one decision twice."""
    async with place.opened() as mongo:
        await mongo.database["workflows"].create_index([("plan_id", 1)], name="by_id")

        with pytest.raises(Misconfigured, match=r"index by_id of .*workflows"):
            await MongoLedger(mongo).ensure_indexes()


async def test_a_record_that_no_document_can_hold_is_refused(place: SharedMongo) -> None:
    """Trying again would not help, and the others must go on."""
    incident = IncidentRecord("i-1", "w", "INCONSISTENCY", "high", NOON, "x" * (17 * 1024 * 1024))
    async with place.opened() as mongo:
        with pytest.raises(Refused, match="larger than"):
            await MongoLedger(mongo).commit(Batch(incidents=[incident]))


@pytest.mark.parametrize("uri", ["mongo://h", "mongodb://", "mongodb://h:1:2", "mongodb://h:x"])
async def test_an_address_that_is_none_is_the_operators_to_mend(uri: str) -> None:
    """At the start, not at the first plan."""
    with pytest.raises(Misconfigured, match="address of MongoDB"):
        async with connected(uri, "any"):
            pytest.fail("it was taken for an address")


async def delete_expired(*, mongo_place: SharedMongo, until: datetime) -> None:
    """Delete what has expired by then, as the server's own task does once a minute."""
    async with mongo_place.opened() as mongo:
        for name in EXPIRING:
            await mongo.database[name].delete_many({"expires": {"$lte": until}})
