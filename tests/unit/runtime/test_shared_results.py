"""Answers find their workflows; what they weigh, and what comes too late, is kept."""

from contextlib import closing
from sqlite3 import Connection

import pytest

from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.runtime.shared_results import SharedResults
from orchestrator_dynamic.runtime.telling import Telling
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import a_message
from tests.support.messages import a_result
from tests.support.temporal_listening import ListeningWorkflows
from tests.support.temporal_turns import TurnedPlans, in_memory
from tests.support.temporal_world import HASTY, the_parts

NAME = WorkflowId("orch-decision-1")


async def test_signs_of_life_are_told_once_an_attempt_and_again_where_they_were_lost() -> None:
    """A worker says every few seconds that it lives; a history need not know each time."""
    with closing(in_memory()) as connection:
        results, workflows, ticket_id = await _results(connection)
        alive = [_alive(ticket_id, attempt) for attempt in ("1", "2", "")]
        workflows.fail_next(Unavailable("away"))
        with pytest.raises(Unavailable):
            await results.take(alive)
        await results.take(alive)
        await results.take(alive)
        await results.take([a_result(ticket_id, status="FAILED", result={"success": False})])
        await results.take(alive)

    assert [len(call) for call in workflows.calls[NAME]] == [3, 1, 1]


async def test_a_heavy_answer_is_kept_and_told_without_its_load() -> None:
    """A history holds how the attempt ended, the store what it brought."""
    with closing(in_memory()) as connection:
        results, workflows, ticket_id = await _results(connection)
        load = {"success": True, "output": {"report": "x" * 100_000}, "metadata": {"attempt": "1"}}
        await results.take([a_result(ticket_id, result=load), a_result("nobody's")])
        kept = connection.execute("SELECT fate, length(payload) FROM results").fetchall()

    [[told]] = workflows.calls[NAME]
    assert len(told.body) < 1_000
    assert '"attempt":"1"' in told.body
    assert sorted(fate for fate, _ in kept) == ["received", "unknown"]
    assert max(length for _, length in kept) > 100_000


def _alive(ticket_id: str, attempt: str) -> ExecutionResult:
    metadata = {"attempt": attempt} if attempt else {}
    return a_result(ticket_id, status="RUNNING", result={"success": False, "metadata": metadata})


async def _results(connection: Connection) -> tuple[SharedResults, ListeningWorkflows, str]:
    """Return what brings answers to workflows that listen, and a ticket that is out."""
    plans = TurnedPlans(connection, VirtualClock(), HASTY)
    await plans.submit(a_message())
    [(ticket_id, _)] = plans.published
    workflows, ledger = ListeningWorkflows(), SqliteSharedLedger(connection)
    parts = the_parts(ledger)
    results = SharedResults(ledger, parts.places, Telling(workflows), parts.clock, parts.tally)
    return results, workflows, ticket_id
