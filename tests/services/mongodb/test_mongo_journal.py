"""A journal in MongoDB, read onward from a place by those who stop soon."""

from contextlib import aclosing

import pytest

from orchestrator_dynamic.adapters.mongodb.journal import Journal
from orchestrator_dynamic.adapters.mongodb.layout import run_name
from orchestrator_dynamic.adapters.mongodb.ledger import MongoLedger
from orchestrator_dynamic.errors import InvariantViolation
from tests.services.mongodb.shared_mongo import SharedMongo
from tests.support.shared_ledgers import told


async def seqs_onward(journal: Journal, after: int, most: int = 1_000) -> list[int]:
    """Return the places of at most `most` facts of workflow 1 above `after`."""
    seqs: list[int] = []
    async with aclosing(journal.onward(1, after)) as facts:
        async for fact in facts:
            seqs.append(fact.seq)
            if len(seqs) == most:
                break
    return seqs


async def test_a_journal_is_read_onward_through_all_its_runs(place: SharedMongo) -> None:
    """More of them than are read at a time, from places within a run and between two."""
    async with place.opened() as mongo:
        ledger = MongoLedger(mongo)
        for seq in range(1, 502, 2):
            await ledger.commit(told(1, seq, seq + 1))
        await ledger.commit(told(2, 1, 2, 3))
        journal = Journal(mongo)

        for after in (0, 1, 2, 299, 300, 500, 501, 502, 2**40):
            assert await seqs_onward(journal, after) == list(range(after + 1, 503))
        assert await seqs_onward(journal, 300, most=3) == [301, 302, 303]


async def test_a_hole_in_a_journal_is_no_shorter_story(place: SharedMongo) -> None:
    """A page that passed over it would be believed."""
    async with place.opened() as mongo:
        ledger = MongoLedger(mongo)
        for seq in (1, 2, 3):
            await ledger.commit(told(1, seq))
        await mongo.database["journal"].delete_one({"_id": run_name(1, 2)})
        journal = Journal(mongo)

        assert await seqs_onward(journal, 0, most=1) == [1]
        assert await seqs_onward(journal, 2) == [3]
        for after in (0, 1):
            with pytest.raises(InvariantViolation, match="fact 2 of workflow 1 is missing"):
                await seqs_onward(journal, after)
