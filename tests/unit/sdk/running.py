"""Runs workers for as long as a test is about them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk.context import TicketContext
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.sdk.worker import Worker
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.unit.sdk.queue_transport import QueueTransport


@asynccontextmanager
async def running(
    worker: Worker, transport: QueueTransport, clock: VirtualClock | None = None
) -> AsyncIterator[None]:
    """Run `worker` until the block ends."""
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(run_worker(worker, transport, clock=clock or VirtualClock()))
        yield
        run.cancel()


async def results_of(worker: Worker, *tickets: ExecutionTicket) -> list[ExecutionResult]:
    """Return what `worker` answers to `tickets`, in the order of its answers."""
    transport = QueueTransport(tickets)
    async with running(worker, transport):
        return await transport.reported(len(tickets))


async def result_of(worker: Worker, ticket: ExecutionTicket) -> ExecutionResult:
    """Return what `worker` answers to `ticket`."""
    (result,) = await results_of(worker, ticket)
    return result


async def at_once(ticket: ExecutionTicket, context: TicketContext) -> None:
    """Do nothing, at once; a handler."""


async def for_ever() -> None:
    """Wait for what never happens."""
    await asyncio.Event().wait()
