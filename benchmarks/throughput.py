"""Tickets a second that one service process sustains: decisions from Kafka, answers from Kafka.

Plans of 20 tickets arrive at an even pace. The service is one `orq consume`, with the embedded
engine or with a Temporal server and turns in the same process; the worker is another process.
Needs KAFKA_BOOTSTRAP_SERVERS, and TEMPORAL_HOST with `--engine temporal`; uses
SCHEMA_REGISTRY_URL and MONGODB_URI where they are set.

Without `--rate` it looks for the highest rate by itself, then holds that one.
"""

import asyncio
import os
import statistics
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kafka_watch import KafkaWatch
from benchmarks.servers import Ours, needed, running
from orchestrator_dynamic.bootstrap.floors import topics_for_a_while
from orchestrator_dynamic.cli.bench_servers import WORKER
from orchestrator_dynamic.cli.engine_choice import Engine
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies

PLAN_TICKETS = 20
RATES = (50, 100, 200, 300, 400, 500, 600, 800, 1_000, 1_250, 1_500)
SEARCH_S = 12
PARTITIONS = 4

_EDGES = dependencies(Shape.FAN, PLAN_TICKETS)
_DRAINED_S = 120.0
_PACE_S = 0.02
# Of what was offered, so much must be answered within the time: the last plans are under way.
_KEPT_UP = 0.95


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stand at a second: tickets that are not answered yet, records not consumed."""

    backlog: int
    lag: int


def measure(directory: Path, arguments: list[str]) -> dict[str, object]:
    """Return what was sustained, and how far behind the service was at the end."""
    parser = ArgumentParser("python -m benchmarks throughput", description=__doc__)
    parser.add_argument("--engine", type=Engine, default=Engine.EMBEDDED, choices=list(Engine))
    parser.add_argument("--rate", type=int, help="tickets a second; default: search upwards")
    parser.add_argument("--seconds", type=int, default=60)
    told = parser.parse_args(arguments)
    names = ["KAFKA_BOOTSTRAP_SERVERS"]
    if told.engine is Engine.TEMPORAL:
        names.append("TEMPORAL_HOST")
    settings = needed(*names, directory=directory)
    return run_in_loop(_measured(settings, told.engine, told.rate, told.seconds))


def flat(samples: Sequence[Sample], rate: int) -> bool:
    """Return whether what waits has not grown from the middle third to the last.

    A second's worth of tickets more or less is noise.
    """
    third = max(1, len(samples) // 3)
    middle, last = samples[-2 * third : -third], samples[-third:]
    if not middle:
        return False
    grown = [
        statistics.mean(one.backlog for one in last) - statistics.mean(m.backlog for m in middle),
        statistics.mean(one.lag for one in last) - statistics.mean(one.lag for one in middle),
    ]
    return max(grown) <= rate


async def _measured(
    settings: Settings, engine: Engine, rate: int | None, seconds: int
) -> dict[str, object]:
    directory, group = settings.data_dir, f"{settings.kafka.consumer_group_id}-worker"
    directory.mkdir(parents=True, exist_ok=True)
    service = ["consume", "--engine", engine]
    if engine is Engine.TEMPORAL:
        service.append("--with-turns")
    worker = ["worker", WORKER, "--group", group]
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(topics_for_a_while(settings, PARTITIONS))
        log = directory / "service.log"
        ours = await opened.enter_async_context(running(settings, service, log, "consuming"))
        log = directory / "worker.log"
        await opened.enter_async_context(running(settings, worker, log, "takes tickets"))
        watch = await opened.enter_async_context(KafkaWatch(settings))
        load = _Load(settings, watch, ours)
        await load.hold(20, 2)
        await load.drained()
        if rate is None:
            rate = await _highest(load)
        measured = await load.hold(rate, seconds)
        measured["drained_s"] = round(await load.drained(), 1)
    return {
        "throughput": f"{engine} engine, plans of {PLAN_TICKETS} tickets, {seconds} s",
        "store": "MongoDB" if settings.mongodb.uri else "SQLite",
        "avro": settings.schema_registry.url is not None,
        **measured,
    }


async def _highest(load: "_Load") -> int:
    best = RATES[0]
    for rate in RATES:
        measured = await load.hold(rate, SEARCH_S)
        print(f"  looked at {rate}: {measured}", flush=True)
        await load.drained()
        if not measured["sustained"]:
            break
        best = rate
    return best


class _Load:
    """Brings plans, and looks at what becomes of them."""

    def __init__(self, settings: Settings, watch: KafkaWatch, ours: Ours) -> None:
        self._kafka = settings.kafka
        self._watch = watch
        self._ours = ours
        self._plans = 0

    async def hold(self, rate: int, seconds: int) -> dict[str, object]:
        """Bring plans with `rate` tickets a second; return how the service has kept up."""
        loop, samples, first = asyncio.get_running_loop(), list[Sample](), self._plans
        answered, cpu, began = await self._answered(), self._ours.cpu_s(), loop.time()
        while (passed := loop.time() - began) < seconds:
            await self._bring(first + int(passed * rate / PLAN_TICKETS) - self._plans)
            if passed >= len(samples) + 1:
                samples.append(await self._sample())
            await asyncio.sleep(_PACE_S)
        done = await self._answered() - answered
        samples.append(await self._sample())
        return {
            "tickets_s_offered": rate,
            "tickets_s": round(done / passed, 1),
            "sustained": flat(samples, rate) and done >= rate * passed * _KEPT_UP,
            "lag_end": samples[-1].lag,
            "lag_median": statistics.median(one.lag for one in samples),
            "open_tickets_median": statistics.median(one.backlog for one in samples),
            "open_tickets_end": samples[-1].backlog,
            "service_cores": round((self._ours.cpu_s() - cpu) / passed, 2),
            "load_average": round(os.getloadavg()[0], 2),
        }

    async def drained(self) -> float:
        """Return once everything is answered, and how many seconds that took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(_DRAINED_S):
            while True:
                if (await self._sample()).backlog <= 0:
                    return loop.time() - began
                await asyncio.sleep(0.1)

    async def _bring(self, plans: int) -> None:
        names = [f"{self._kafka.consumer_group_id}-{self._plans + n}" for n in range(plans)]
        self._plans += len(names)
        messages = [(name, decision(name, _EDGES)) for name in names]
        await self._watch.send(self._kafka.consensus_topic, messages)

    async def _answered(self) -> int:
        return await self._watch.records(self._kafka.results_topic)

    async def _sample(self) -> Sample:
        lag = await self._watch.lag(self._kafka.consensus_topic, self._kafka.results_topic)
        return Sample(self._plans * PLAN_TICKETS - await self._answered(), lag)
