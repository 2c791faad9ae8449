"""Tickets that do nothing, executed by one worker process over HTTP: how many a second.

Leaves plans open in a data directory, starts `orq serve` there and one `orq worker --url`, and
waits until all plans have ended.
"""

import asyncio
import re
from argparse import ArgumentParser
from pathlib import Path
from time import perf_counter

import httpx

from benchmarks.servers import Ours, needed, running
from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies

WORKER = "orchestrator_dynamic.cli.bench_worker:worker"
PLANS, PLAN_TASKS = 100, 100

_ENDED_S = 300.0
_LOOK_S = 0.05


def measure(directory: Path, arguments: list[str]) -> dict[str, object]:
    """Return how long it took, from the worker's first question to the last plan's end."""
    parser = ArgumentParser("python -m benchmarks http_worker", description=__doc__)
    parser.add_argument("--plans", type=int, default=PLANS)
    parser.add_argument("--tasks", type=int, default=PLAN_TASKS, help="of each plan")
    parser.add_argument("--concurrency", type=int, default=100, help="tickets at once")
    told = parser.parse_args(arguments)
    directory.mkdir(parents=True)
    return run_in_loop(_measured(directory, told.plans, told.tasks, told.concurrency))


async def _measured(directory: Path, plans: int, tasks: int, concurrency: int) -> dict[str, object]:
    settings, log = needed(directory=directory), directory / "serve.log"
    await _prepare(settings, plans, tasks)
    async with running(settings, ["serve", "--port", "0"], log, "the page is at") as served:
        address = _address_in(log)
        options = [WORKER, "--url", address, "--concurrency", str(concurrency)]
        worker_log = directory / "worker.log"
        async with running(settings, ["worker", *options], worker_log, "takes tickets") as worker:
            began = perf_counter()
            await _until_ended(address)
            seconds = perf_counter() - began
            cpu_s = {"server_cpu_s": _cpu_s(served), "worker_cpu_s": _cpu_s(worker)}
    return {
        "measurement": "http_worker",
        "tickets": plans * tasks,
        "concurrency": concurrency,
        "seconds": round(seconds, 2),
        "tickets_per_s": round(plans * tasks / seconds),
        **cpu_s,
    }


async def _prepare(settings: Settings, plans: int, tasks: int) -> None:
    edges = dependencies(Shape.FAN, tasks)
    async with application(settings, workers=None, command="prepare", alone=True) as app:
        messages = [decision(f"lent-{number}", edges) for number in range(plans)]
        await asyncio.gather(*(app.engine.submit(one, source="bench") for one in messages))


async def _until_ended(address: str) -> None:
    async with (
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
        asyncio.timeout(_ENDED_S),
    ):
        while True:
            answer = await client.get("/api/v1/workflows?open=true&limit=1")
            answer.raise_for_status()
            if not answer.json()["items"]:
                return
            await asyncio.sleep(_LOOK_S)


def _address_in(log: Path) -> str:
    found = re.search(r"the page is at (http://[^\s/]+)", log.read_text())
    if found is None:
        raise RuntimeError(f"no address in {log.read_text()!r}")
    return found[1]


def _cpu_s(ours: Ours) -> float:
    return round(ours.cpu_s(), 1)
