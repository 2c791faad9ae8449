"""A server that hangs, stops and comes back: callers hear of it in time, and nothing is doubled."""

import asyncio
import gc
import time
from collections.abc import Iterator

import pytest

from orchestrator_dynamic.adapters.mongodb.database import connected
from orchestrator_dynamic.adapters.mongodb.errors import StoreUnavailable
from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.adapters.mongodb.probe import probe
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.probing import Verdict
from tests.services.mongodb.shared_mongo import SharedMongo
from tests.support.ledgers import a_fact, a_ticket_row
from tests.support.servers.mongo import Mongo
from tests.support.servers.ports import HOST, free_ports
from tests.support.shared_ledgers import a_turn, everything, taken_in

# The library leaves a socket to the garbage collector where it is closed while it connects.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)

DEADLINE_S = 1.0

# What two cores that everybody shares may add to a deadline.
HICCUP_S = 2.0


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Have the garbage of each test collected before the next begins."""
    yield
    gc.collect()


async def test_a_server_that_hangs_costs_the_deadline_and_no_more(
    place: SharedMongo, mongo: Mongo
) -> None:
    """Connections stand and nothing answers; afterwards the same call goes through."""
    async with place.opened(DEADLINE_S) as opened:
        ledger = MongoLedger(opened)
        await ledger.ensure_indexes()
        await taken_in(ledger)
        await asyncio.to_thread(mongo.freeze)
        begun = time.monotonic()
        try:
            with pytest.raises(StoreUnavailable):
                await ledger.commit(a_turn(1))
            waited = time.monotonic() - begun
        finally:
            await asyncio.to_thread(mongo.thaw)

        await insisted(ledger, a_turn(1))

        assert waited < DEADLINE_S + HICCUP_S
    counted = await everything(place)
    assert (counted["answers"], counted["messages"], counted["facts"]) == (1, 1, [2])


async def test_a_server_that_stops_in_the_middle_loses_and_doubles_nothing(
    place: SharedMongo, mongo: Mongo
) -> None:
    """Commits are cut wherever they were; each is repeated until it is heard."""
    turns, reached = 60, {seq: asyncio.Event() for seq in (10, 30)}
    async with place.opened(DEADLINE_S) as opened:
        ledger = MongoLedger(opened)
        await ledger.ensure_indexes()
        await taken_in(ledger)

        async def drive() -> None:
            for seq in range(1, turns + 1):
                if seq in reached:
                    reached[seq].set()
                ticket = a_ticket_row(1, seq)
                await insisted(ledger, Batch(facts=[a_fact(1, seq)], tickets=[ticket]))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(drive())
            for event in reached.values():
                await event.wait()
                await asyncio.to_thread(mongo.restart)

    counted = await everything(place)
    assert counted["facts"] == [turns]
    assert [one.number for one in counted["tickets"]] == list(range(1, turns + 1))


async def test_no_server_at_all_is_said_in_time() -> None:
    """A start must not hang in front of a person."""
    (port,) = free_ports(1)
    begun = time.monotonic()

    async with connected(f"mongodb://{HOST}:{port}", "any", deadline_s=0.5) as opened:
        with pytest.raises(StoreUnavailable):
            await MongoLedger(opened).ensure_indexes()

    assert time.monotonic() - begun < 0.5 + HICCUP_S


async def test_the_probe_says_what_is_well_and_what_is_missing(
    place: SharedMongo, mongo: Mongo
) -> None:
    """A test server is a single one, and its indexes are not there before the first start."""
    before = {one.name: one.verdict for one in await probe(mongo.uri, place.database)}
    async with place.writer():
        after = {one.name: one.verdict for one in await probe(mongo.uri, place.database)}

    assert before == {
        "mongodb": Verdict.OK,
        "mongodb replica set": Verdict.WARNING,
        "mongodb write": Verdict.OK,
        "mongodb indexes": Verdict.WARNING,
    }
    assert after == before | {"mongodb indexes": Verdict.OK}
    async with place.opened() as opened:
        assert {one["value"] for one in await opened.find("counters", {})} == {0}


async def test_the_probe_raises_nothing() -> None:
    """Doctor has other patients."""
    (port,) = free_ports(1)

    [silent] = await probe(f"mongodb://{HOST}:{port}/?serverSelectionTimeoutMS=200", "any")
    [misspelt] = await probe("mongo:/nowhere", "any")

    assert silent.verdict is misspelt.verdict is Verdict.PROBLEM
    assert silent.remedy


async def insisted(ledger: MongoLedger, batch: Batch) -> None:
    """Commit, and again until it is heard."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ledger.commit(batch)
            except Unavailable:
                continue  # It has waited for a server as long as its deadline lets it.
