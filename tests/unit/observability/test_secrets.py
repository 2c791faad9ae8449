"""What a log, an error and a metric never tell: logins, tokens, and what plans carry."""

import gc
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from orchestrator_dynamic.bootstrap.breakers import Breakers
from orchestrator_dynamic.bootstrap.broker import opened_broker
from orchestrator_dynamic.bootstrap.probes import probes
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.observability.logging import configure_logging
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.identity import Scope
from orchestrator_dynamic.ports.outbox import Outgoing
from tests.support.engines import a_message, a_worker
from tests.support.messages import a_task, a_ticket
from tests.support.servers.ports import HOST, free_ports
from tests.support.service import a_service

SECRET = "hunter2-0c9f"
PAYLOAD = "card-4111-1111"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """Everything that is logged, by us and by libraries; afterwards logging is as it was."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging("DEBUG", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.slow
# The library of MongoDB leaves a socket to the garbage collector where it is closed while it
# connects.
@pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)
async def test_no_login_is_told_where_nobody_can_be_reached(said: io.StringIO) -> None:
    """Errors of libraries quote addresses, and addresses hold passwords."""
    kafka, registry, mongo, redis, temporal, postgres = free_ports(6)
    settings = load_settings(
        {
            "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{kafka}",
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_SASL_USERNAME": "orchestrator",
            "KAFKA_SASL_PASSWORD": SECRET,
            "SCHEMA_REGISTRY_URL": f"http://orchestrator:{SECRET}@{HOST}:{registry}",
            "MONGODB_URI": f"mongodb://orchestrator:{SECRET}@{HOST}:{mongo}",
            "REDIS_CLUSTER_NODES": f"{HOST}:{redis}",
            "REDIS_PASSWORD": SECRET,
            "TEMPORAL_HOST": HOST,
            "TEMPORAL_PORT": str(temporal),
            "POSTGRES_HOST": HOST,
            "POSTGRES_PORT": str(postgres),
            "POSTGRES_USER": "orchestrator",
            "POSTGRES_PASSWORD": SECRET,
        },
        None,
    )
    metrics, told = Metrics(), [repr(settings)]

    async for checks in probes(settings):
        told += [repr(check) for check in checks]
    gc.collect()
    async with opened_broker(settings, breakers=Breakers(metrics)) as broker:
        for call in (
            broker.sink.send([Outgoing("topic", b"key", b"value")]),
            broker.codec.encode(a_ticket(), "tickets"),
        ):
            with pytest.raises(OrchestratorError) as met:
                await call
            told.append(repr(met.value))

    told += [said.getvalue(), metrics.render().decode()]
    assert len(told) > 9
    assert not [text for text in told if SECRET in text]


async def test_no_token_and_no_payload_is_told_by_a_service(
    said: io.StringIO, tmp_path: Path
) -> None:
    """Logs are read by more people than plans are."""
    task = a_task("a", description=PAYLOAD, parameters={"card": PAYLOAD})
    people = {"ana": frozenset(Scope)}
    async with a_service(tmp_path, workers=[a_worker()], people=people) as running:
        headers = {**running.as_("ana"), **JSON}
        wrong = {"Authorization": f"Bearer {SECRET}"}
        answer = await running.client.post(
            "/api/v1/decisions", content=a_message(task), headers=headers
        )
        refused = await running.client.get("/api/v1/me", headers=wrong)
        broken = await running.client.post(
            "/api/v1/decisions", content=a_message(task)[:-2], headers=headers
        )
        await running.client.get(f"{answer.headers['location']}/events", headers=headers)
        metrics = await running.client.get("/metrics", headers=headers)
        token = running.tokens["ana"]

    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert {"decision_handed_in", "plan_ended", "ticket_moved_on", "request_answered"} <= {
        line["event"] for line in lines
    }
    assert (answer.status_code, refused.status_code, broken.status_code) == (202, 401, 400)
    for text in (said.getvalue(), metrics.text, refused.text, broken.text):
        assert token not in text
        assert SECRET not in text
        assert PAYLOAD not in text
