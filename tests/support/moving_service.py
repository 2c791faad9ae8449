"""Everything that a service counts of itself, made to happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from pydantic import SecretStr

from orchestrator_dynamic.config.backing_services import SchemaRegistrySettings
from tests.support.engines import a_message, a_worker, an_engine, run_to_end, until
from tests.support.lending import Lending
from tests.support.metric_samples import Samples, samples, samples_in
from tests.support.servers.ports import HOST, free_ports
from tests.support.service import Running, a_service

_JSON = {"Content-Type": "application/json"}
_API = "/api/v1"
_ASKED = (
    "/",
    "/health",
    "/ready",
    f"{_API}/decisions",
    f"{_API}/workflows",
    f"{_API}/tickets/unknown",
    f"{_API}/dead-letters",
)


async def everything_asked(directory: Path) -> list[Samples]:
    """Ask about everything, so that each way to answer is there."""
    [nobody] = free_ports(1)
    registry = SchemaRegistrySettings(url=SecretStr(f"http://{HOST}:{nobody}"))
    async with a_service(directory, schema_registry=registry) as running:
        client, start = running.client, await _read(running)
        await client.post(f"{_API}/decisions", content=a_message(), headers=_JSON)
        await client.post(f"{_API}/plans/validate", content=a_message(), headers=_JSON)
        for path in _ASKED:
            await client.get(path)
        place = f"{_API}/decisions/decision-1"
        tag = (await client.get(place)).headers["ETag"]
        await client.get(place, headers={"If-None-Match": tag})
        workers = f"{_API}/workers/w1/tickets"
        await client.post(f"{workers}:lease", json={"wait_s": 0})
        await client.post(f"{workers}:heartbeat", json={"tickets": []})
        async with client.stream("GET", f"{_API}/events") as stream:
            assert await anext(stream.aiter_lines()) == ": alive"
            return [start, await _read(running)]


async def everything_lent(directory: Path) -> list[Samples]:
    """Lend a ticket to a worker that is not heard of again."""
    async with an_engine(directory) as app:
        lending = Lending(app)
        start = samples(lending.metrics)
        await app.engine.submit(a_message(), source="test")
        await lending.lend()
        lent = samples(lending.metrics)
        lending.let_run_out()
        return [start, lent, samples(lending.metrics)]


async def spans_taken(directory: Path) -> list[Samples]:
    """Trace a plan where there is a collector."""
    with _a_collector(200) as endpoint:
        return await _traced(directory, endpoint, 0)


async def spans_lost(directory: Path) -> list[Samples]:
    """Trace a plan where the collector takes nothing."""
    with _a_collector(400) as endpoint:
        return await _traced(directory, endpoint, 2)


async def _traced(directory: Path, endpoint: str, breaker: int) -> list[Samples]:
    """Trace a plan until the breaker of telemetry is in this state."""
    state = f'orchestration_breaker_state{{service="telemetry"}} {breaker}.0'.encode()
    async with an_engine(directory, a_worker(), OTEL_EXPORTER_ENDPOINT=endpoint) as app:
        start = samples(app.metrics)
        await run_to_end(app, a_message())
        await until(lambda: state in app.metrics.render())
        last = samples(app.metrics)
    return [start, last, samples(app.metrics)]


async def _read(running: Running) -> Samples:
    return samples_in((await running.client.get("/metrics")).text)


class _Collector(BaseHTTPRequestHandler):
    """Answers whatever it is sent with a status."""

    def __init__(self, status: int, *connection: Any) -> None:
        self._status = status
        super().__init__(*connection)

    def do_POST(self) -> None:
        """As the library says."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self._status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _a_collector(status: int) -> Iterator[str]:
    with ThreadingHTTPServer((HOST, 0), partial(_Collector, status)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
