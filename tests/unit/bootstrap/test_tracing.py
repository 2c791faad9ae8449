"""Tracing is switched on by a setting, and costs nothing where it is not."""

import subprocess
import sys
from pathlib import Path

from orchestrator_dynamic.bootstrap.tracing import traced
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.observability.metrics import Metrics
from tests.support.command_line import ROOT, environment
from tests.support.engines import a_message, a_worker, an_engine, run_to_end
from tests.support.servers.ports import HOST, free_ports

_STARTS = """
import asyncio, sys
from pathlib import Path
from tests.support.engines import a_message, a_worker, an_engine, run_to_end

async def main():
    async with an_engine(Path(sys.argv[1]), a_worker()) as app:
        await run_to_end(app, a_message())

asyncio.run(main())
print(sorted(name for name in sys.modules if name.startswith(("opentelemetry.sdk", "grpc"))))
"""


def test_without_a_collector_no_library_of_tracing_is_imported(tmp_path: Path) -> None:
    """They take a third of a second, of the two that a start may take."""
    ended = subprocess.run(
        [sys.executable, "-c", _STARTS, str(tmp_path)],
        cwd=ROOT,
        env=environment({"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.splitlines()[-1] == "[]"


def test_without_a_collector_nobody_looks_on() -> None:
    """The engine has nothing to call after its turns."""
    with traced(load_settings({}, None), Metrics()) as onlookers:
        assert list(onlookers) == []


async def test_what_the_end_drops_is_counted(tmp_path: Path) -> None:
    """Nobody listens where the collector should be; monitoring says how much is missing."""
    [port] = free_ports(1)
    endpoint = {"OTEL_EXPORTER_ENDPOINT": f"http://{HOST}:{port}"}
    async with an_engine(tmp_path, a_worker(), **endpoint) as app:
        await run_to_end(app, a_message())
        metrics = app.metrics

    said = metrics.render().decode()
    again = metrics.render().decode()
    assert 'orchestration_spans_total{result="dropped"} 7.0' in said
    assert 'orchestration_spans_total{result="dropped"} 7.0' in again
    assert 'orchestration_breaker_state{service="telemetry"}' in said
