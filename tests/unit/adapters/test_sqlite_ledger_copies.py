"""What the ledger keeps for another store, and what a directory knows of itself."""

from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite.database import StorageFailed
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import DeadLetterRecord
from tests.support.ledgers import a_fact, a_ledger, a_plan_on_record, a_workflow


def numbered(number: int | None, copied: int | None = None) -> Batch:
    """Return a batch of one fact, of the same number."""
    return Batch(facts=[a_fact(1, number or 1)], number=number, copied=copied)


async def test_a_batch_with_a_number_is_kept_twice(tmp_path: Path) -> None:
    """A store that is away for a week has it when it is back, whoever runs then."""
    whole = a_plan_on_record(a_workflow(), facts=2, tickets=2)
    whole.dead_letters = [
        DeadLetterRecord(1, "empty", "t[0]@1", "[]", "{}", 3, "sha", b"\xff\x00", b"\xfe", "dlq")
    ]
    whole.number, whole.copied = 1, 0
    with a_ledger(tmp_path) as ledger:
        await ledger.commit(whole)

    with a_ledger(tmp_path) as ledger:
        [(number, batch)] = ledger.uncopied()

    whole.number = whole.copied = None
    assert number == 1
    assert batch == whole


async def test_where_nothing_is_copied_nothing_is_kept_twice(tmp_path: Path) -> None:
    """Most engines have one store: this one."""
    with a_ledger(tmp_path) as ledger:
        await ledger.commit(numbered(None))

        assert list(ledger.uncopied()) == []


async def test_they_come_back_oldest_first_without_those_that_arrived(tmp_path: Path) -> None:
    """`copied` is a promise about all up to there."""
    with a_ledger(tmp_path) as ledger:
        for number in (1, 2, 3, 4):
            await ledger.commit(numbered(number, copied=0 if number < 4 else 2))

        assert [number for number, _ in ledger.uncopied()] == [3, 4]


async def test_a_commit_that_fails_keeps_and_forgets_nothing(tmp_path: Path) -> None:
    """Both happen with the rows they are about, or not at all."""
    with a_ledger(tmp_path) as ledger:
        await ledger.commit(numbered(1))
        twice = Batch(facts=[a_fact(1, 2), a_fact(1, 2)], number=2, copied=1)
        with pytest.raises(StorageFailed):
            await ledger.commit(twice)

        assert [number for number, _ in ledger.uncopied()] == [1]


async def test_no_number_is_given_twice(tmp_path: Path) -> None:
    """The second batch would take the place of one that has not arrived."""
    with a_ledger(tmp_path) as ledger:
        await ledger.commit(numbered(1))
        with pytest.raises(StorageFailed):
            await ledger.commit(Batch(facts=[a_fact(1, 2)], number=1))

        assert [[one.seq for one in batch.facts] for _, batch in ledger.uncopied()] == [[1]]


def test_what_a_directory_is_called_is_noted_once_and_for_all(tmp_path: Path) -> None:
    """Under another name, its plans would be somebody else's."""
    with a_ledger(tmp_path) as ledger:
        before = ledger.about("instance")
        noted = ledger.note("instance", "one")
        again = ledger.note("instance", "other")

    with a_ledger(tmp_path) as ledger:
        assert (before, noted, again, ledger.about("instance")) == (None, "one", "one", "one")
        assert ledger.about("copy-keys") is None
