"""The embedded engine over Kafka, measured beside a floor over the same brokers.

The engine and the floor are in this process and take turns; each has topics of its own, and a
worker of its own in another process. Decisions are handed in directly, so that a plan begins with
its receipt; tickets leave by the tickets topic, answers come by the results topic.
"""

import gc
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from time import perf_counter

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.bootstrap.floors import (
    opened_kafka_floor,
    topics_for_a_while,
    with_names_of_its_own,
)
from orchestrator_dynamic.cli.bench_embedded import timed_run
from orchestrator_dynamic.cli.bench_report import Comparison, Measurement
from orchestrator_dynamic.cli.bench_servers import new_name, worker_process
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.simulation.bench_plans import Release, Shape, plans_of

PARTITIONS = 4

_BESIDE = "a commit for each batch, a message for each ticket and each answer"


async def measured_over_kafka(
    settings: Settings,
    wanted: Sequence[tuple[Shape, int]],
    runs: int,
    tell: Callable[[Measurement], None],
) -> None:
    """Measure each of `wanted`, and tell it as soon as it is known.

    Raises:
        Misconfigured: there are no brokers, or they refuse us.
        Unavailable: they cannot be reached, or a worker did not start.
    """
    mongodb = settings.mongodb.model_copy(update={"uri": None})
    settings = settings.model_copy(update={"mongodb": mongodb})
    name = new_name()
    ours = with_names_of_its_own(settings, name)
    theirs = with_names_of_its_own(settings, f"{name}-floor")
    async with AsyncExitStack() as opened:
        for one in (ours, theirs):
            await opened.enter_async_context(topics_for_a_while(one, PARTITIONS))
            group = f"{one.kafka.consumer_group_id}-worker"
            await opened.enter_async_context(worker_process(one, group))
        directory = settings.data_dir / "floor"
        floor = await opened.enter_async_context(opened_kafka_floor(theirs, directory))
        running = application(ours, workers=None, command="orq bench", streams=[Stream.RESULTS])
        app = await opened.enter_async_context(running)
        # Groups settle, schemas become known, caches warm up.
        await timed_run(app, Shape.FAN, 50, "warm-up")
        await floor.run(Release(plans_of(Shape.FAN, 50)), "warm-up")
        for shape, tasks in wanted:
            compared = Comparison(shape, tasks, _BESIDE)
            for number in range(runs):
                commits = app.ledger.commits
                wall, cpu = await timed_run(app, shape, tasks, str(number))
                compared.commits = app.ledger.commits - commits
                order = Release(plans_of(shape, tasks))
                gc.collect()
                began = perf_counter()
                await floor.run(order, f"{shape}-{tasks}-{number}")
                compared.note(wall, cpu, perf_counter() - began)
            tell(compared.told())
