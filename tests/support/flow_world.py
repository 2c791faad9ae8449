"""A world of its own for each test: fresh names on real servers, and our commands as processes."""

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from orchestrator_dynamic.bootstrap.records import opened_store
from orchestrator_dynamic.bootstrap.topic_making import made_topics
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.ports.dead_letters import DeadLetter
from orchestrator_dynamic.ports.filters import WorkflowFilter
from orchestrator_dynamic.ports.store import PAGE_MAX, StoredWorkflow
from tests.support.flow_checks import (
    check_encoding,
    check_frames,
    check_incidents,
    check_tickets,
)
from tests.support.flow_listening import SCHEMAS, Listener, listening
from tests.support.flow_plans import Sent
from tests.support.flow_process import OurProcess, Processes, open_processes
from tests.support.servers.guardian import guarded_folder
from tests.support.servers.kafka import Kafka
from tests.support.servers.mongo import Mongo
from tests.support.servers.redis_cluster import RedisCluster
from tests.support.servers.registry import Registry
from tests.support.servers.temporal import TemporalServer, made_namespace

PARTITIONS = 4
PATIENCE_S = 60
# How a process may be that nobody but a test has ended.
OURS = (None, 0, -9)
_LOOK_S = 0.1
WORKER = "tests.support.flow_worker:worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What a world stands on; what is None is done by an embedded part."""

    kafka: Kafka
    registry: Registry | None = None
    temporal: TemporalServer | None = None
    mongo: Mongo | None = None
    redis: RedisCluster | None = None


@dataclass(slots=True)
class World:
    """One deployment of ours; made by `a_world`."""

    servers: Servers
    tag: str
    folder: Path
    settings: Mapping[str, str]
    processes: Processes
    ears: Listener
    producer: AIOKafkaProducer
    sent: dict[str, Sent] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    # --- What we run ------------------------------------------------------------------------------

    async def consume(self, name: str = "consume", *options: str) -> OurProcess:
        """Start `orq consume`, and return when it consumes."""
        process = await self.processes.start(name, "consume", *options)
        await process.until_said("orq: consuming")
        return process

    async def turns(self, name: str = "turns") -> OurProcess:
        """Start `orq worker temporal`, and return when it takes turns."""
        process = await self.processes.start(name, "worker", "temporal")
        await process.until_said("orq: taking turns")
        return process

    async def worker(self, name: str = "worker", **settings: str) -> OurProcess:
        """Start a worker that executes tickets, and return when it takes some."""
        group = f"workers.{self.tag}"
        process = await self.processes.start(name, "worker", WORKER, "--group", group, **settings)
        await process.until_said("takes tickets from")
        return process

    async def staff(self, **worker: str) -> dict[str, OurProcess]:
        """Start one of each that this engine needs, at the same time; by their names."""
        async with asyncio.TaskGroup() as tasks:
            starting = [tasks.create_task(self.consume()), tasks.create_task(self.worker(**worker))]
            if self.servers.temporal is not None:
                starting.append(tasks.create_task(self.turns()))
        return {one.result().name: one.result() for one in starting}

    # --- What we are told -------------------------------------------------------------------------

    async def send(self, decisions: Iterable[Sent], **headers: bytes) -> None:
        """Produce decisions, and return when the brokers have them."""
        pairs = list(headers.items())
        sending = []
        for one in decisions:
            self.sent[one.decision_id] = one
            topic, key = self.topic("consensus"), one.plan_id.encode()
            sending.append(await self.producer.send(topic, one.value, key=key, headers=pairs))
        await asyncio.gather(*sending)

    async def produce(
        self,
        stream: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Produce any bytes at all on a topic of ours."""
        await self.producer.send_and_wait(self.topic(stream), value, key=key, headers=list(headers))

    def topic(self, stream: str) -> str:
        """Return the name of a topic here."""
        return self.settings[f"KAFKA_{stream.upper()}_TOPIC"]

    async def register(self, subject: str, schema: str) -> int:
        """Return the number of the contract `schema` in the registry."""
        assert self.servers.registry is not None
        text = (SCHEMAS / schema / f"{schema}.avsc").read_text()
        url = f"{self.servers.registry.url}/subjects/{subject}/versions"
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.post(url, json={"schema": text})
        return int(answer.raise_for_status().json()["id"])

    # --- What became of it ------------------------------------------------------------------------

    async def workflows(self) -> dict[str, StoredWorkflow]:
        """Return what is recorded, by decision."""
        found, after = dict[str, StoredWorkflow](), None
        async with opened_store(load_settings(self.settings, None)) as store:
            while True:
                page = await store.workflows(WorkflowFilter(), limit=PAGE_MAX, after=after)
                for one in page.workflows:
                    assert one.decision_id not in found, "two workflows for one decision"
                    found[one.decision_id] = one
                after = page.next
                if after is None:
                    return found

    async def outcomes(self) -> dict[str, str]:
        """Return how plans have ended, by decision; nothing while the store is away."""
        try:
            found = await self.workflows()
        except (Unavailable, Misconfigured) as error:
            print(f"{self.seconds:6.1f} s  the store cannot be read: {error}")  # noqa: T201
            return {}
        return {name: one.outcome.value for name, one in found.items() if one.outcome is not None}

    async def ended(self, patience_s: float = PATIENCE_S) -> dict[str, str]:
        """Return how all that was sent has ended, once it has and was told."""
        wanted = set(self.sent)
        waits_until = time.monotonic() + patience_s
        while not wanted <= (outcomes := await self.outcomes()).keys():
            for process in self.processes.all:
                assert process.code in OURS, f"{process.name} ended with {process.code}"
            if time.monotonic() > waits_until:
                raise AssertionError(await self._unfinished(wanted - outcomes.keys()))
            await asyncio.sleep(_LOOK_S)
        frames = self.ears.on(self.topic("telemetry"))
        while not wanted <= {heard.body["correlation"]["decision_id"] for heard in frames}:
            assert time.monotonic() < waits_until, "not every plan has a telemetry frame"
            await asyncio.sleep(_LOOK_S)
        return outcomes

    async def _unfinished(self, names: set[str]) -> str:
        known = await self.workflows()
        first = sorted(names)[:5]
        return f"{len(names)} plans have no outcome: " + "; ".join(
            str(known.get(name, f"{name} is not known at all")) for name in first
        )

    async def dead_letters(self) -> list[tuple[DeadLetter, bytes]]:
        """Return the dead letters that are kept, oldest first, with what is kept of them."""
        async with opened_store(load_settings(self.settings, None)) as store:
            page = await store.dead_letters(limit=PAGE_MAX)
            return [await store.dead_letter(one.id) for one in reversed(page.letters)]

    async def lag(self) -> dict[str, int]:
        """Return how much of each inbound topic is not committed."""
        names = [self.topic(one) for one in ("consensus", "results", "approvals")]
        places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        servers = self.servers.kafka.bootstrap_servers
        async with asyncio.timeout(PATIENCE_S):
            admin = AIOKafkaAdminClient(bootstrap_servers=servers)
            await admin.start()
            try:
                group = self.settings["KAFKA_CONSUMER_GROUP_ID"]
                done = await admin.list_consumer_group_offsets(group)
            finally:
                await admin.close()
            async with AIOKafkaConsumer(bootstrap_servers=servers) as consumer:
                ends = await consumer.end_offsets(places)
        lag = dict.fromkeys(names, 0)
        for place in places:
            committed = done[place].offset if place in done else 0
            lag[place.topic] += ends[place] - max(0, committed)
        return lag

    async def until_no_lag(self, patience_s: float = PATIENCE_S) -> None:
        """Return once everything that arrived is committed."""
        waits_until = time.monotonic() + patience_s
        while any((lag := await self.lag()).values()):
            assert time.monotonic() < waits_until, f"partitions do not move on: {lag}"
            await asyncio.sleep(_LOOK_S)

    async def check(self, *, retried: bool = False) -> None:
        """Hold everything that was said to what must be true of it, whatever happened.

        Args:
            retried: whether attempts may have been repeated. Where outages are shorter than a
                ticket's time, a repetition tells of an answer that was lost.
        """
        workflows, sent = await self.workflows(), self.sent
        outcomes = await self.outcomes()
        assert workflows.keys() == sent.keys()
        assert outcomes.keys() == sent.keys()
        assert {name: how for name, how in outcomes.items() if how != "SUCCESS"} == {}
        counts = {name: (one.tasks, one.completed) for name, one in workflows.items()}
        assert counts == {one.decision_id: (len(one.tasks),) * 2 for one in sent.values()}
        again = {name: one.retried for name, one in workflows.items() if one.retried}
        assert retried or again == {}
        on, topic = self.ears.on, self.topic
        check_tickets(on(topic("tickets")), on(topic("results")), sent.values())
        if self.servers.registry is not None:
            check_encoding([*on(topic("tickets")), *on(topic("incidents"))])
        check_frames(on(topic("telemetry")), outcomes)
        incidents = check_incidents(on(topic("incidents")))
        kinds = Counter(f"{one['incident_type']}: {one['details'][0]}" for one in incidents)
        self.tell(f"incidents: {dict(kinds)}")

    # --- What it took -----------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        """How long this world has existed."""
        return time.monotonic() - self.begun

    def tell(self, what: str) -> None:
        """Say what was done when, for whoever reads the run."""
        tickets = len(self.ears.on(self.topic("tickets")))
        print(f"{self.seconds:6.1f} s  {what} [{tickets} ticket messages]", flush=True)  # noqa: T201


def settings_for(servers: Servers, tag: str, folder: Path) -> dict[str, str]:
    """Return the environment of a deployment on `servers` under names of its own."""
    streams = ["consensus", "tickets", "results", "incidents", "telemetry", "approvals"]
    others = ("dead_letters", "sla_alerts", "sla_violations")
    settings = {f"KAFKA_{one.upper()}_TOPIC": f"{one}.{tag}" for one in (*streams, *others)}
    settings |= {
        "DATA_DIR": str(folder / "data"),
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka.bootstrap_servers,
        "KAFKA_CONSUMER_GROUP_ID": f"group.{tag}",
        "LOG_FORMAT": "json",
    }
    if servers.registry is not None:
        settings["SCHEMA_REGISTRY_URL"] = servers.registry.url
    if servers.temporal is not None:
        host, port = servers.temporal.address.split(":")
        settings |= {"TEMPORAL_HOST": host, "TEMPORAL_PORT": port}
        settings |= {"TEMPORAL_NAMESPACE": f"flow-{tag}", "TEMPORAL_TASK_QUEUE": f"flow-{tag}"}
    if servers.mongo is not None:
        settings |= {"MONGODB_URI": servers.mongo.uri, "MONGODB_DATABASE": f"flow_{tag}"}
    if servers.redis is not None:
        settings["REDIS_CLUSTER_NODES"] = ",".join(servers.redis.nodes)
    return settings


@asynccontextmanager
async def a_world(servers: Servers, **more: str) -> AsyncIterator[World]:
    """Make the names that a deployment needs, and end its processes with the block.

    Args:
        more: settings beyond those that follow from `servers`.
    """
    tag = uuid.uuid4().hex[:8]
    folder = guarded_folder(f"flow-{tag}")
    settings = {**settings_for(servers, tag, folder), **more}
    plain = {**settings_for(servers, tag, folder)}
    await made_topics(load_settings(plain, None), PARTITIONS, 1)
    if servers.temporal is not None:
        await made_namespace(servers.temporal.address, settings["TEMPORAL_NAMESPACE"])
    heard = {
        settings["KAFKA_TICKETS_TOPIC"]: "execution-ticket",
        settings["KAFKA_RESULTS_TOPIC"]: "execution-result",
        settings["KAFKA_INCIDENTS_TOPIC"]: "orchestration-incident",
        settings["KAFKA_TELEMETRY_TOPIC"]: "telemetry-frame",
        settings["KAFKA_DEAD_LETTERS_TOPIC"]: "consolidated-decision",
    }
    kafka = servers.kafka.bootstrap_servers
    async with (
        listening(kafka, heard, PARTITIONS) as ears,
        AIOKafkaProducer(
            bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_request_size=4 << 20
        ) as producer,
        open_processes(folder, settings) as processes,
    ):
        yield World(servers, tag, folder, settings, processes, ears, producer)


def capabilities_file(folder: Path, names: Iterable[str]) -> str:
    """Return a file that tells a worker what it can do."""
    file = folder / "capabilities.json"
    file.write_text(json.dumps(sorted(names)))
    return str(file)
