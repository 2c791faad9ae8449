"""Where the suites of the reading port find their records: one place for each adapter of it."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from tests.support.kept import Kept
from tests.support.ledgers import a_ledger


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    """Yield a ledger with nothing in it, and a store that reads what is committed to it."""
    with (
        a_ledger(tmp_path) as ledger,
        closing(database.open_for_reading(tmp_path)) as connection,
    ):
        yield Kept(ledger, SqliteStore(connection))
