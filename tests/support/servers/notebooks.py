"""A note in each server, written and read by a real client: the least that a server must do.

Every call opens a client of its own, so that it says something about the server as it is now.
"""

import asyncio
import json
import os
import ssl
from typing import Protocol

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from pymongo import AsyncMongoClient
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.cluster import RedisCluster as RedisClient
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions
from orchestrator_dynamic.adapters.kafka.topics import TopicPlan, create_topics
from tests.support.servers.kafka import Kafka, Login
from tests.support.servers.mongo import Mongo
from tests.support.servers.postgres import Postgres
from tests.support.servers.redis_cluster import RedisCluster
from tests.support.servers.registry import Registry
from tests.support.servers.temporal import TemporalServer

# A client that comes right after a restart may have to ask more than once.
PATIENCE_S = 30


class Notebook(Protocol):
    """Keeps the last note: `write` returns when the server has acknowledged it."""

    async def write(self, note: str) -> None:
        """Write `note`."""

    async def read(self) -> str:
        """Return the note that was written last."""


class KafkaNotebook:
    """A record at the end of a topic with one partition."""

    def __init__(self, kafka: Kafka, topic: str = "notes") -> None:
        self._servers = kafka.bootstrap_servers
        self._topic = topic

    async def write(self, note: str) -> None:
        """Produce a record; the first one makes the topic."""
        async with asyncio.timeout(PATIENCE_S):
            plan = TopicPlan(name=self._topic, partitions=1, replication=1)
            await create_topics(KafkaOptions(bootstrap_servers=(self._servers,)), [plan])
            async with AIOKafkaProducer(bootstrap_servers=self._servers, acks="all") as producer:
                await producer.send_and_wait(self._topic, note.encode())

    async def read(self) -> str:
        """Consume the whole topic."""
        return await _last_record(AIOKafkaConsumer, self._topic, self._servers)


class SaslNotebook(KafkaNotebook):
    """The same topic, read over TLS by somebody who has to log in."""

    def __init__(self, kafka: Kafka, mechanism: str, login: Login) -> None:
        super().__init__(kafka)
        self._kafka = kafka
        self._mechanism = mechanism
        self._login = login

    async def read(self) -> str:
        """Consume the whole topic."""
        return await _last_record(
            AIOKafkaConsumer,
            self._topic,
            self._kafka.sasl_bootstrap_servers,
            security_protocol="SASL_SSL",
            ssl_context=ssl.create_default_context(cafile=self._kafka.ca_file),
            sasl_mechanism=self._mechanism,
            sasl_plain_username=self._login.username,
            sasl_plain_password=self._login.password,
        )


async def _last_record(
    consumer_type: type[AIOKafkaConsumer], topic: str, servers: str, **security: object
) -> str:
    async with (
        asyncio.timeout(PATIENCE_S),
        consumer_type(
            topic, bootstrap_servers=servers, auto_offset_reset="earliest", **security
        ) as consumer,
    ):
        ends = await consumer.end_offsets(consumer.assignment())
        while True:
            record = await consumer.getone()
            if record.offset == max(ends.values()) - 1:
                return str(record.value.decode())


class RegistryNotebook:
    """A field's default, in the last version of a schema."""

    def __init__(self, registry: Registry) -> None:
        self._url = f"{registry.url}/subjects/notes-value/versions"

    async def write(self, note: str) -> None:
        """Register a version; documentation alone would make none."""
        field = {"name": "note", "type": "string", "default": note}
        schema = json.dumps({"type": "record", "name": "Note", "fields": [field]})
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            (await client.post(self._url, json={"schema": schema})).raise_for_status()

    async def read(self) -> str:
        """Ask for the last version."""
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = (await client.get(f"{self._url}/latest")).raise_for_status()
        return str(json.loads(answer.json()["schema"])["fields"][0]["default"])


class MongoNotebook:
    """A document."""

    def __init__(self, mongo: Mongo) -> None:
        self._uri = mongo.uri

    async def write(self, note: str) -> None:
        """Upsert it."""
        async with (
            asyncio.timeout(PATIENCE_S),
            AsyncMongoClient[dict[str, str]](self._uri) as client,
        ):
            await client.books.notes.replace_one({"_id": "last"}, {"note": note}, upsert=True)

    async def read(self) -> str:
        """Find it."""
        async with (
            asyncio.timeout(PATIENCE_S),
            AsyncMongoClient[dict[str, str]](self._uri) as client,
        ):
            found = await client.books.notes.find_one({"_id": "last"})
        return found["note"] if found else "none"


class PostgresNotebook:
    """A row, by way of psql."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    async def write(self, note: str) -> None:
        """Insert it; the first one makes the table."""
        await self._query("create table if not exists notes (id serial, note text)")
        await self._query(f"insert into notes (note) values ('{note}')")

    async def read(self) -> str:
        """Select it."""
        return await self._query("select note from notes order by id desc limit 1")

    async def _query(self, sql: str) -> str:
        server = self._postgres
        async with asyncio.timeout(PATIENCE_S):
            psql = await asyncio.create_subprocess_exec(
                *("psql", "-qtA", "-h", server.host, "-p", str(server.port), "-U", server.user),
                *("-c", sql),
                env={**os.environ, "PGPASSWORD": server.password},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, complaints = await psql.communicate()
        assert psql.returncode == 0, complaints.decode()
        return out.decode().strip()


class TemporalNotebook:
    """A search attribute of a workflow that nobody works on."""

    _plan = SearchAttributeKey.for_keyword("OrchPlan")

    def __init__(self, temporal: TemporalServer) -> None:
        self._temporal = temporal
        self._last = "none"

    async def write(self, note: str) -> None:
        """Start a workflow."""
        async with asyncio.timeout(PATIENCE_S):
            await (await self._client()).start_workflow(
                "Note",
                id=f"note-{note}",
                task_queue="nobody",
                search_attributes=TypedSearchAttributes([SearchAttributePair(self._plan, note)]),
            )
        self._last = f"note-{note}"

    async def read(self) -> str:
        """Describe it."""
        async with asyncio.timeout(PATIENCE_S):
            handle = (await self._client()).get_workflow_handle(self._last)
            return (await handle.describe()).typed_search_attributes[self._plan]

    async def _client(self) -> Client:
        return await Client.connect(
            self._temporal.address, namespace=self._temporal.namespace, lazy=False
        )


class RedisNotebook:
    """The same text under keys on all three nodes."""

    # One in each third of the slots.
    _keys = ("b", "c", "a")

    def __init__(self, cluster: RedisCluster) -> None:
        self._nodes = [node.split(":") for node in cluster.nodes]

    async def write(self, note: str) -> None:
        """Set it everywhere."""
        async with asyncio.timeout(PATIENCE_S), self._client() as client:
            for key in self._keys:
                await client.set(key, note)

    async def read(self) -> str:
        """Return what is the same everywhere, or what the nodes disagree about."""
        async with asyncio.timeout(PATIENCE_S), self._client() as client:
            return " or ".join(sorted({str(await client.get(key)) for key in self._keys}))

    def _client(self) -> RedisClient:
        nodes = [ClusterNode(host, int(port)) for host, port in self._nodes]
        return RedisClient(startup_nodes=nodes, decode_responses=True)
