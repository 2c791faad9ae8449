"""Workers over HTTP where a Temporal server keeps the plans, and no broker is between."""

import asyncio
from pathlib import Path
from uuid import uuid4

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext
from tests.support.engines import a_chain, a_message
from tests.support.service import a_service, said
from tests.support.temporal_server import DevServer
from tests.temporal.test_serving import on, submitted
from tests.unit.sdk.test_http_transport import a_remote_worker, working


async def test_a_plan_on_a_server_is_executed_over_http(server: DevServer, tmp_path: Path) -> None:
    """Its workflow hears who has each ticket, of a failure, and of the end."""
    attempts: list[tuple[str, int]] = []

    async def work(ticket: ExecutionTicket, context: TicketContext) -> dict[str, str]:
        attempts.append((ticket.task_id, context.attempt))
        if attempts == [("a", 1)]:
            raise ValueError("once")
        return {"made": ticket.task_id}

    async with a_service(tmp_path, temporal=on(server)) as running:
        message = a_message(*a_chain("a", "b"), decision_id=uuid4().hex)
        address = await submitted(running, message)
        async with working(running.service.address, a_remote_worker(work)):
            await running.client.get(f"{address}/events?after=0")
        workflow = said(await running.client.get(address))
        tickets = said(await running.client.get(f"{address}/tickets"))["items"]

    assert attempts == [("a", 1), ("a", 2), ("b", 1)]
    assert workflow["outcome"] == "SUCCESS"
    assert [(one["stage"], one["agent"]) for one in tickets] == [("COMPLETED", "w1")] * 2


async def test_a_worker_hears_that_a_plan_on_a_server_is_cancelled(
    server: DevServer, tmp_path: Path
) -> None:
    """The queue knows, and the next sign of life is told."""
    begun, heard = asyncio.Event(), asyncio.Event()

    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            heard.set()

    async with a_service(tmp_path, temporal=on(server)) as running:
        address = await submitted(running, a_message(decision_id=uuid4().hex))
        async with working(running.service.address, a_remote_worker(work)):
            await begun.wait()
            said(await running.client.post(f"{address}/cancel"))
            await heard.wait()
            await running.client.get(f"{address}/events?after=0")
        workflow = said(await running.client.get(address))

    assert workflow["outcome"] == "CANCELLED"
