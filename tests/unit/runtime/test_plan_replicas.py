"""A turn that another process took goes on from what is written, and never from a wrong memory."""

import asyncio
from contextlib import closing

import pytest

from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.orchestrator import Reception
from orchestrator_dynamic.ports.plan_workflows import Telling, Told, Turn
from orchestrator_dynamic.runtime.plan_replicas import PlanReplicas
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from orchestrator_dynamic.wire import told_text
from tests.support.engines import a_chain, a_message
from tests.support.messages import a_result
from tests.support.temporal_faults import Faults, FaultyPublisher, Lost, RecordingPublisher
from tests.support.temporal_turns import TurnedPlans, in_memory
from tests.support.temporal_world import HASTY, the_parts

NAME = "orch-decision-1"


async def test_a_process_that_was_overtaken_goes_on_from_what_is_written() -> None:
    """One is lost between commit and publish, another takes the turn; both tell one story."""
    clock, broker = VirtualClock(), RecordingPublisher()
    with closing(in_memory()) as connection:
        plans = TurnedPlans(connection, clock, HASTY)
        receipt = await plans.submit(a_message(*a_chain("a", "b")))
        [(first, _)] = plans.published
        answer = a_result(first, result={"success": True, "output": {"made": "it"}})
        told = Told(kind=Telling.RESULT, at=clock.now_ms(), number=0, body=answer.model_dump_json())
        turn = Turn(workflow=1, workflow_id=NAME, seq=2, told=(told_text.encode([told]),))
        ledger = SqliteSharedLedger(connection)
        frozen = the_parts(
            ledger, lambda queue: FaultyPublisher(broker, Faults([True])), clock
        ).turns
        other = the_parts(ledger, lambda queue: broker, clock).turns

        with pytest.raises(Lost):
            await frozen.take_turn(turn)
        by_other = await other.take_turn(turn)
        woken = await frozen.take_turn(turn)

        facts = plans.rows("SELECT kind FROM journal ORDER BY seq")
        answers = plans.rows("SELECT fate, payload ->> '$.output.made' FROM results")

    assert receipt.reception is Reception.STARTED
    assert [kind for (kind,) in facts] == [
        "decision_accepted",
        "tickets_published",
        "ticket_succeeded",
        "tickets_published",
    ]
    assert (by_other.seq, woken.seq) == (4, 4)
    assert answers == [("accepted", "it")]
    assert [attempt for _, attempt in broker.published] == [1]


async def test_a_memory_is_used_only_where_it_stands_at_the_turns_fact() -> None:
    """Anything else is read anew; a journal that does not reach so far is another store's."""
    with closing(in_memory()) as connection:
        plans = TurnedPlans(connection, VirtualClock(), HASTY)
        await plans.submit(a_message(*a_chain("a", "b")))
        replicas = PlanReplicas(SqliteSharedLedger(connection))
        async with replicas.borrowed(NAME, 2) as first:
            kept = first.plan
        async with replicas.borrowed(NAME, 2) as again:
            assert again.plan is kept
        async with replicas.borrowed(NAME, 1) as earlier:
            assert earlier.plan is not kept
            assert [record.kind for record, _ in earlier.beyond] == ["tickets_published"]
        with pytest.raises(Misconfigured, match="must reach its fact 9"):
            async with replicas.borrowed(NAME, 9):
                pass


async def test_what_a_failed_turn_did_to_a_plan_is_forgotten() -> None:
    """Half a turn in memory would be a state that no journal tells."""
    with closing(in_memory()) as connection:
        plans = TurnedPlans(connection, VirtualClock(), HASTY)
        await plans.submit(a_message(*a_chain("a", "b")))
        replicas = PlanReplicas(SqliteSharedLedger(connection))
        with pytest.raises(Lost):
            async with replicas.borrowed(NAME, 2) as failed:
                raise Lost
        async with replicas.borrowed(NAME, 2) as anew:
            assert anew.plan is not failed.plan
            # Nobody else has it meanwhile.
            async with asyncio.timeout(5), replicas.borrowed(NAME, 2) as other:
                assert other.plan is not anew.plan


async def test_small_memories_keep_the_plans_used_last() -> None:
    """They are bounded by tickets, for plans are of every size."""
    with closing(in_memory()) as connection:
        plans = TurnedPlans(connection, VirtualClock(), HASTY)
        for name in ("x", "y", "z"):
            await plans.submit(a_message(*a_chain("a", "b"), decision_id=name))
        replicas = PlanReplicas(SqliteSharedLedger(connection), tickets_max=4)
        kept = {}
        for name in ("x", "y", "x", "z"):
            async with replicas.borrowed(f"orch-{name}", 2) as replica:
                kept[name] = replica.plan
        async with replicas.borrowed("orch-x", 2) as x, replicas.borrowed("orch-y", 2) as y:
            assert x.plan is kept["x"]
            assert y.plan is not kept["y"]
