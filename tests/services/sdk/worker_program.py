"""A worker in a process of its own, to be killed: it writes down what it executes before it does.

Arguments: bootstrap servers, tickets topic, results topic, group, record, commit interval.
"""

import asyncio
import os
import sys

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker, run_worker
from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
from orchestrator_dynamic.sdk.kafka_transport import KafkaLimits, KafkaTransport
from orchestrator_dynamic.wire.message_codec import MessageCodec


async def work_for_ever(arguments: list[str]) -> None:
    """Execute tickets; one whose description is `hang` is never done."""
    servers, tickets_topic, results_topic, group, record, commit_interval = arguments
    lines = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    worker = Worker("program", concurrency=4)

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        # One line, written at once, so that a kill leaves whole lines.
        os.write(lines, f"{ticket.ticket_id}\n".encode())
        await asyncio.sleep(0.005)
        if ticket.description == "hang":
            await asyncio.Event().wait()

    clock = SystemClock()
    transport = KafkaTransport(
        KafkaConnection(bootstrap_servers=servers),
        profile=worker.profile(),
        group_id=group,
        tickets_topic=tickets_topic,
        results_topic=results_topic,
        codec=MessageCodec(None),
        clock=clock,
        limits=KafkaLimits(session_timeout_s=2.0, commit_interval_s=float(commit_interval)),
    )
    async with transport:
        await run_worker(worker, transport, clock=clock)


if __name__ == "__main__":
    asyncio.run(work_for_ever(sys.argv[1:]))
