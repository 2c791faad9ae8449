"""The floor that the engine over Kafka is measured beside: least, and yet all of the work."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from orchestrator_dynamic.adapters.kafka.floor import KafkaFloor, Place
from orchestrator_dynamic.adapters.kafka.temporary_topics import temporary_topics
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, missing_topics
from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
from orchestrator_dynamic.sdk.kafka_transport import KafkaTransport
from orchestrator_dynamic.sdk.runner import run_worker
from orchestrator_dynamic.simulation.bench_plans import Release, Shape, plans_of
from orchestrator_dynamic.wire.message_codec import MessageCodec
from tests.services.kafka.bench import PATIENCE_S, Bench


async def test_the_floor_has_each_task_executed_once_and_commits_before(bench: Bench) -> None:
    """A floor that leaves work out makes every engine look slow."""
    tickets, results = await bench.topic(4), await bench.topic(4)
    committed, executed = list[Place](), list[str]()
    worker, plans = Worker("w", concurrency=10), plans_of(Shape.LAYERED, 30)

    @worker.handles()
    async def note(ticket: ExecutionTicket, context: TicketContext) -> None:
        task = int(ticket.task_id[1:])
        assert (0, task) in committed
        assert len(ticket.dependencies) == len(plans[0][task])
        executed.append(ticket.task_id)

    def commit(batch: Sequence[Place]) -> None:
        committed.extend(batch)

    transport = KafkaTransport(
        KafkaConnection(bootstrap_servers=bench.server.bootstrap_servers),
        profile=worker.profile(),
        group_id=f"{bench.group}-worker",
        tickets_topic=tickets,
        results_topic=results,
        codec=MessageCodec(None),
        clock=SystemClock(),
    )
    floor = KafkaFloor(
        bench.options,
        MessageCodec(None),
        tickets_topic=tickets,
        results_topic=results,
        group=bench.group,
        commit=commit,
    )
    async with AsyncExitStack() as opened, asyncio.timeout(PATIENCE_S):
        way = await opened.enter_async_context(transport)
        await opened.enter_async_context(floor)
        tasks = await opened.enter_async_context(asyncio.TaskGroup())
        working = tasks.create_task(run_worker(worker, way, clock=SystemClock()))
        commits = await floor.run(Release(plans), "run")
        working.cancel()

    assert sorted(executed) == sorted(f"t{n}" for n in range(30))
    assert sorted(committed) == [(0, n) for n in range(30)]
    assert len(plans_layers(plans[0])) <= commits <= 30


async def test_topics_for_a_while_are_gone_afterwards(bench: Bench) -> None:
    """Whoever measures often would fill the brokers with topics; a topic of others stays."""
    kept, new = await bench.topic(), f"{bench.group}.new"
    plans = [TopicPlan(name=name, partitions=1) for name in (kept, new)]

    async with temporary_topics(bench.options, plans):
        assert not await missing_topics(bench.options, [kept, new])

    assert await missing_topics(bench.options, [kept, new]) == [new]


def plans_layers(edges: list[list[int]]) -> set[int]:
    """Return the depths that there are: so many batches at least, one after the other."""
    depth: list[int] = []
    for before in edges:
        depth.append(1 + max((depth[one] for one in before), default=0))
    return set(depth)
