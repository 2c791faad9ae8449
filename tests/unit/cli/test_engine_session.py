"""A session of one command, beside a store that takes its time."""

import asyncio
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite import database
from orchestrator_dynamic.adapters.sqlite.store import SqliteStore
from orchestrator_dynamic.cli.audience import PlainAudience
from orchestrator_dynamic.cli.engine_session import Session
from orchestrator_dynamic.cli.inputs import Input
from orchestrator_dynamic.cli.vigil import Vigil
from orchestrator_dynamic.ports.store import StoredWorkflow
from tests.support.engines import a_message, a_worker, an_engine

# Many beats of the vigil pass while the store thinks.
BEAT_S, THINKING_S = 0.005, 0.1


class DistantStore(SqliteStore):
    """A store behind a network, whose answers come later."""

    async def workflow(self, name: str) -> StoredWorkflow:
        """As the port says, after a while."""
        await asyncio.sleep(THINKING_S)
        return await super().workflow(name)


async def test_a_session_waits_for_the_results_of_what_has_ended(tmp_path: Path) -> None:
    """The last plan has ended, but nobody has been told yet how."""
    inputs = [Input(name, partial(a_message, decision_id=name)) for name in ("one", "two")]
    vigil = Vigil(PlainAudience(), tmp_path, beat_s=BEAT_S)

    async with an_engine(tmp_path, a_worker()) as app:
        with closing(database.open_for_reading(tmp_path)) as connection:
            distant = replace(app, store=DistantStore(connection))
            session = Session(distant, vigil, asyncio.Event())
            await session.bring_to_end(inputs)

    assert sorted(result.source for result in session.results) == ["one", "two"]
    assert all(result.well for result in session.results)
