"""The operator's desk: a request goes to the engine of another process, or comes back."""

import asyncio
from pathlib import Path

from orchestrator_dynamic.adapters.sqlite.requests import OperatorDesk
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.orchestrator import Action, Reply, Request
from orchestrator_dynamic.ports.records import RequestReply
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.engines import rows, until
from tests.support.ledgers import NOON, a_ledger, beside

A_REQUEST = Request(
    action=Action.APPROVE, workflow_id=WorkflowId("orch-1"), by="ana", reason="yes", tasks=("a",)
)


async def test_a_request_comes_back_with_the_engines_reply(tmp_path: Path) -> None:
    """All that was asked for reaches the engine, and its words reach the operator."""
    with a_ledger(tmp_path) as ledger, beside(tmp_path) as connection:
        desk = OperatorDesk(connection, VirtualClock())
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(desk.ask(A_REQUEST, 10, lambda: True))
            await until(lambda: bool(rows(tmp_path, "SELECT 1 FROM requests")))
            [asked] = ledger.requests()
            await ledger.commit(Batch(replies=[RequestReply(NOON, "approved", 1, asked.id)]))

    assert asked[2:] == ("orch-1", "approve", "ana", "yes", '["a"]')
    assert asking.result() == Reply(True, "approved")


async def test_a_request_that_nobody_answers_is_withdrawn(tmp_path: Path) -> None:
    """It must not take effect hours later, when an engine starts and nobody expects it."""
    with a_ledger(tmp_path) as ledger, beside(tmp_path) as connection:
        reply = await OperatorDesk(connection, VirtualClock()).ask(A_REQUEST, 0.1, lambda: True)

        assert reply is None
        assert list(ledger.requests()) == []
    assert rows(tmp_path, "SELECT accepted FROM requests") == [(0,)]


async def test_nobody_waits_for_an_engine_that_is_gone(tmp_path: Path) -> None:
    """It died while it was asked; somebody else can be asked at once."""
    with a_ledger(tmp_path), beside(tmp_path) as connection:
        reply = await OperatorDesk(connection, VirtualClock()).ask(A_REQUEST, 600, lambda: False)

    assert reply is None


async def test_an_operator_who_gives_up_withdraws_the_request(tmp_path: Path) -> None:
    """Ctrl-C means: do not do it."""
    with a_ledger(tmp_path) as ledger, beside(tmp_path) as connection:
        desk = OperatorDesk(connection, VirtualClock())
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(desk.ask(A_REQUEST, 600, lambda: True))
            await until(lambda: bool(rows(tmp_path, "SELECT 1 FROM requests")))
            asking.cancel()

        assert list(ledger.requests()) == []
