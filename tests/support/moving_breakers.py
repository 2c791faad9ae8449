"""Every breaker of a backing service, seen closed and then not: real adapters, and nobody there."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from temporalio.client import Client

from orchestrator_dynamic.adapters.mongodb.database import connected
from orchestrator_dynamic.adapters.temporal.plan_workflows import TemporalPlanWorkflows
from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.bootstrap.broker import opened_broker
from orchestrator_dynamic.bootstrap.temporal_parts import opened_cache
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.outbox import Outgoing
from tests.support.messages import a_ticket
from tests.support.metric_samples import Samples, samples
from tests.support.servers.ports import HOST, free_ports

_MESSAGE = Outgoing("topic", b"key", b"value")


async def everybody_away(directory: Path) -> list[Samples]:
    """Call each service once where none is."""
    metrics = Metrics()
    breakers = Breakers(metrics)
    kafka, registry, mongo, redis, temporal = (f"{HOST}:{port}" for port in free_ports(5))
    settings = load_settings(
        {
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "SCHEMA_REGISTRY_URL": f"http://{registry}",
            "REDIS_CLUSTER_NODES": redis,
        },
        None,
    )
    async with (
        opened_broker(settings, breakers=breakers) as broker,
        connected(f"mongodb://{mongo}", "records", deadline_s=0.2) as database,
        opened_cache(settings, metrics) as cache,
    ):
        client = await Client.connect(temporal, lazy=True)
        workflows = TemporalPlanWorkflows(client, "tasks")
        breakers.watch("mongodb", database.standing)
        breakers.watch("temporal", workflows.standing)
        start = samples(metrics)
        await _in_vain(lambda: broker.sink.send([_MESSAGE]))
        await _in_vain(lambda: broker.codec.encode(a_ticket(), "tickets"))
        await _in_vain(lambda: database.one("records", {}))
        await _in_vain(lambda: workflows.report(WorkflowId("orch-1")))
        for _ in range(5):
            await cache.get(["key"])
        return [start, samples(metrics)]


async def _in_vain(call: Callable[[], Awaitable[object]]) -> None:
    with suppress(Unavailable):
        await call()
        raise AssertionError("somebody has answered")
