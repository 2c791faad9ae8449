"""Two engines must not take up the same plans."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.ledger import SqliteLedger
from orchestrator_dynamic.bootstrap.driver_mark import EMBEDDED, TEMPORAL, claim
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.ledger import Batch
from tests.support.ledgers import a_workflow


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    """A ledger in a directory of its own."""
    with closing(database.open_for_writing(tmp_path)) as connection:
        yield SqliteLedger(connection)


@pytest.mark.parametrize(("first", "other"), [(EMBEDDED, TEMPORAL), (TEMPORAL, EMBEDDED)])
def test_the_engine_that_came_first_keeps_the_directory(
    ledger: SqliteLedger, first: str, other: str
) -> None:
    """A setting that is added or forgotten must not let both drive one plan."""
    claim(ledger, first)
    claim(ledger, first)

    with pytest.raises(Misconfigured, match=f"driven by the {first} engine"):
        claim(ledger, other)


async def test_plans_of_an_older_version_are_the_embedded_engines(ledger: SqliteLedger) -> None:
    """There was no other engine when they began."""
    record = a_workflow()
    await ledger.commit(Batch(workflows={record.workflow: record}))

    with pytest.raises(Misconfigured, match="driven by the embedded engine"):
        claim(ledger, TEMPORAL)
