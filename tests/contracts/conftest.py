"""Where the suites of the reading port find their records: a place for each adapter of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.store import Store
from tests.support.kept import Kept, Place, kept_in_sqlite
from tests.support.recorded import a_few_plans

PLACES = [pytest.param(kept_in_sqlite, id="sqlite")]


@pytest.fixture(params=PLACES)
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    """Yield a ledger with nothing in it, and a store that reads what is committed to it."""
    place: Place = request.param
    async with place(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def few_plans(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """Return what an engine recorded of the plans alpha, beta and gamma."""
    return asyncio.run(a_few_plans(tmp_path_factory.mktemp("engine")))


@pytest.fixture
async def store(kept: Kept, few_plans: Batch) -> Store:
    """Return a store of those plans."""
    return await kept.committed(few_plans)
