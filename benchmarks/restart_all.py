"""From servers that serve again to the next ticket, after a power cut took them and us.

Kafka, the schema registry, and with `--engine temporal` PostgreSQL and Temporal, are started on
ports of their own; plans are under way when all of it, and all of ours, is killed at once. The
servers start, and when all serve, ours. A decision that nobody had read yet waits as well.
Needs the programs of the servers: `make services` installs them. With `--static` our members of
consumer groups have names (KAFKA_GROUP_INSTANCE_ID), under which they take over at once.
"""

import asyncio
import json
import os
import signal
import statistics
import sys
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from pathlib import Path
from time import time
from typing import Self

from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

from benchmarks.kafka_watch import KafkaWatch
from benchmarks.servers import Ours, killed, needed, started
from orchestrator_dynamic.adapters.kafka.connection import client_arguments
from orchestrator_dynamic.bootstrap.addresses import kafka_options
from orchestrator_dynamic.bootstrap.topic_making import made_topics
from orchestrator_dynamic.cli.engine_choice import Engine
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies
from tests.support.servers.kafka import Kafka
from tests.support.servers.postgres import Postgres
from tests.support.servers.registry import Registry
from tests.support.servers.server import Server
from tests.support.servers.temporal import TemporalServer

RUNS, PLANS, PARTITIONS = 3, 20, 4

WORKER = "benchmarks.patient_worker:worker"
NEW = "unread"

# What each of ours says once it works.
READY = {"consume": "consuming", "worker": "takes tickets", "turns": "taking turns"}

_EDGES = dependencies(Shape.CHAIN, 100)
_UNDER_WAY_S = 2.0
_PATIENCE_S = 90.0
_TOLD = ("partitions_gained", "polling_failed", "brokers_awaited", "temporal_awaited")


def measure(directory: Path, arguments: list[str]) -> dict[str, object]:
    """Return the median of some restarts, and the worst."""
    parser = ArgumentParser("python -m benchmarks restart_all", description=__doc__)
    parser.add_argument("--engine", type=Engine, default=Engine.EMBEDDED, choices=list(Engine))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--static", action="store_true")
    told = parser.parse_args(arguments)
    kinds: list[type[Server]] = [Kafka, Registry]
    if told.engine is Engine.TEMPORAL:
        kinds += [Postgres, TemporalServer]
    if missing := [name for kind in kinds for name in kind.missing()]:
        sys.exit(f"not installed: {', '.join(missing)}; `make services` installs it")
    runs = []
    with Servers(told.engine) as servers:
        for number in range(told.runs):
            settings = needed(directory=directory / str(number), environ=servers.environ)
            settings.data_dir.mkdir(parents=True)
            cut = _PowerCut(settings, servers, told.engine, static=told.static)
            runs.append(run_in_loop(cut.measured()))
            print(f"  {json.dumps(runs[-1])}", flush=True)
    seconds = {kind: [run[kind] for run in runs] for kind in ("first_ticket_s", "under_way_s")}
    return {
        "restart_all": f"{told.engine} engine, {PLANS} plans under way",
        "static_members": told.static,
        "first_ticket_s": round(statistics.median(seconds["first_ticket_s"]), 2),
        "worst_s": round(max(seconds["first_ticket_s"]), 2),
        "first_ticket_of_a_plan_under_way_s": round(statistics.median(seconds["under_way_s"]), 2),
        "load_average": round(os.getloadavg()[0], 2),
    }


class Servers:
    """The servers of an engine, together."""

    def __init__(self, engine: Engine) -> None:
        kafka, registry = Kafka(), Registry()
        # Those of one row can start side by side, after those of the row before.
        self._rows: list[list[Server]] = [[kafka, registry]]
        self.environ = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "SCHEMA_REGISTRY_URL": registry.url,
        }
        if engine is Engine.TEMPORAL:
            postgres = Postgres()
            temporal = TemporalServer(postgres)
            self._rows = [[kafka, registry, postgres], [temporal]]
            self.environ |= {"TEMPORAL_HOST": temporal.host, "TEMPORAL_PORT": str(temporal.port)}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start all, and return when all serve."""
        with ThreadPoolExecutor() as threads:
            for row in self._rows:
                list(threads.map(lambda server: server.start(), row))

    def kill(self) -> None:
        """End all at once."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda server: server.kill(), chain(*self._rows)))


class _PowerCut:
    """One restart."""

    def __init__(
        self, settings: Settings, servers: Servers, engine: Engine, *, static: bool
    ) -> None:
        self._settings = settings
        self._servers = servers
        self._engine = engine
        self._static = static

    async def measured(self) -> dict[str, float]:
        """Return the seconds from servers that serve to each thing that happens."""
        await made_topics(self._settings, PARTITIONS, None)
        ours = dict[str, Ours]()
        try:
            # One after the other, as two that make one data directory at a time are another story.
            await self._begin(ours, in_turn=True)
            await self._get_under_way(ours["consume"])
        finally:
            await asyncio.gather(*map(killed, ours.values()))
        await asyncio.to_thread(self._servers.kill)
        await asyncio.to_thread(self._servers.start)
        served = time()
        again = dict[str, Ours]()
        try:
            async with asyncio.TaskGroup() as tasks:
                firsts = tasks.create_task(self._firsts(served))
                await self._begin(again, in_turn=False)
                ready = {
                    role: tasks.create_task(_ready(one, role, served))
                    for role, one in again.items()
                }
            happened = {**firsts.result(), **_told_by(again["consume"], served)}
            happened |= {f"{role}_ready": task.result() for role, task in ready.items()}
        finally:
            await asyncio.gather(*map(killed, again.values()))
        return {what: round(seconds, 2) for what, seconds in happened.items()}

    async def _begin(self, begun: dict[str, Ours], *, in_turn: bool) -> None:
        """Start ours, the service first; `in_turn` when the one before is ready."""
        settings, directory = self._settings, self._settings.data_dir
        roles = {"consume": ["consume", "--engine", self._engine], "worker": ["worker", WORKER]}
        if self._engine is Engine.TEMPORAL:
            roles["turns"] = ["worker", "temporal"]
        more = {**self._servers.environ, "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO")}
        for role, arguments in roles.items():
            named = {"KAFKA_GROUP_INSTANCE_ID": f"bench-{role}"} if self._static else {}
            log = directory / f"{role}-{time()}.log"
            begun[role] = await started(settings, arguments, log, **more, **named)
            if in_turn:
                await begun[role].says(READY[role])

    async def _get_under_way(self, service: Ours) -> None:
        """Return when plans are under way, and one more has come that nobody has read."""
        kafka, name = self._settings.kafka, self._settings.kafka.consumer_group_id
        async with KafkaWatch(self._settings) as watch:
            plans = [(f"{name}-{n}", decision(f"{name}-{n}", _EDGES)) for n in range(PLANS)]
            await watch.send(kafka.consensus_topic, plans)
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    if await watch.records(kafka.tickets_topic) >= 2 * PLANS:
                        break
                    await asyncio.sleep(0.1)
            await asyncio.sleep(_UNDER_WAY_S)
            service.process.send_signal(signal.SIGSTOP)
            await watch.send(kafka.consensus_topic, [(NEW, decision(f"{name}-{NEW}", _EDGES))])

    async def _firsts(self, since: float) -> dict[str, float]:
        """Return after how many seconds the first tickets came, of plans under way and of new."""
        topic, firsts = self._settings.kafka.tickets_topic, dict[str, float]()
        options = client_arguments(kafka_options(self._settings))
        async with (
            asyncio.timeout(_PATIENCE_S),
            AIOKafkaConsumer(topic, auto_offset_reset="earliest", **options) as consumer,
        ):
            while len(firsts) < 2:
                record = await consumer.getone()
                after = record.timestamp / 1000 - since
                if after > 0:
                    key = record.key.decode()
                    kind = "new_s" if key.endswith(NEW) else "under_way_s"
                    firsts.setdefault(kind, after)
        return {"first_ticket_s": min(firsts.values()), **firsts}


async def _ready(ours: Ours, role: str, since: float) -> float:
    """Return after how many seconds it was ready to work: imported, opened, and connected."""
    await ours.says(READY[role])
    return time() - since


def _told_by(ours: Ours, since: float) -> dict[str, float]:
    """Return after how many seconds it began, and said certain things first."""
    told = dict[str, float]()
    for event in ours.events():
        said = str(event.get("event"))
        if said in _TOLD:
            moment = datetime.fromisoformat(str(event["timestamp"])).timestamp()
            told.setdefault(said, moment - since)
    return told
