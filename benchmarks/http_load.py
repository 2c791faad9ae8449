"""What the HTTP service bears: answers under load, a burst of plans, and open event streams.

Starts `orq serve` with a worker that does nothing, and asks it over real connections: reads and
submissions while plans of 20 tasks come at an even pace; 500 such plans at once, to their ends;
1,000 event streams on one plan, all of which must hear that it was paused.
"""

import asyncio
import re
import statistics
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import httpx

from benchmarks.servers import Ours, needed, running
from orchestrator_dynamic.cli.event_loop import run_in_loop
from orchestrator_dynamic.simulation.bench_plans import Shape, decision, dependencies

PLAN_TASKS = 20
RATE = 200
BURST = 500
STREAMS = 1_000
WORKER = "orchestrator_dynamic.cli.bench_worker:worker"

_EDGES = dependencies(Shape.FAN, PLAN_TASKS)
_JSON = {"Content-Type": "application/json"}
_CLIENTS = 16
_TIMEOUT_S = 60.0
_READ_PAUSE_S = 0.02
_LOOK_S = 0.02


def measure(directory: Path, arguments: list[str]) -> dict[str, object]:
    """Return what was measured; milliseconds, seconds and megabytes as the names say."""
    parser = ArgumentParser("python -m benchmarks http_load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="how long the even load lasts")
    told = parser.parse_args(arguments)
    for each in ("load", "streams"):
        (directory / each).mkdir(parents=True)
    return run_in_loop(_measured(directory, told.seconds))


async def _measured(directory: Path, seconds: int) -> dict[str, object]:
    async with _serving(directory / "load", "--worker", WORKER) as (served, client):
        load = await _under_load(client, seconds)
        burst_s = await _burst(client)
        cpu_s = served.cpu_s()
    async with _serving(directory / "streams") as (served, client):
        streams = await _streams(served, client)
    told = {"measurement": "http_load", "rate": RATE, "seconds": seconds}
    burst = {f"burst_{BURST}_plans_s": round(burst_s, 2), "server_cpu_s": round(cpu_s, 1)}
    return {**told, **load, **burst, **streams}


@asynccontextmanager
async def _serving(directory: Path, *options: str) -> AsyncIterator[tuple[Ours, httpx.AsyncClient]]:
    settings, log = needed(directory=directory), directory / "log"
    arguments = ["serve", "--port", "0", *options]
    async with running(settings, arguments, log, "the page is at") as served:
        found = re.search(r"the page is at (http://[^\s/]+)", log.read_text())
        if found is None:
            raise RuntimeError(f"no address in {log.read_text()!r}")
        limits = httpx.Limits(max_connections=_CLIENTS)
        async with httpx.AsyncClient(
            base_url=found[1], timeout=_TIMEOUT_S, limits=limits
        ) as client:
            yield served, client


async def _under_load(client: httpx.AsyncClient, seconds: int) -> dict[str, object]:
    """Return the latencies of reads and submissions while `RATE` tickets a second run."""
    submitted: list[float] = []
    reads: list[float] = []
    first, over = asyncio.Event(), asyncio.Event()

    async def submit_one(name: str) -> None:
        await _timed(submitted, lambda: _submit(client, name))
        first.set()

    async def submit() -> None:
        loop = asyncio.get_running_loop()
        began, plans = loop.time(), seconds * RATE // PLAN_TASKS
        async with asyncio.TaskGroup() as tasks:
            for number in range(plans):
                await asyncio.sleep(max(0.0, began + number * PLAN_TASKS / RATE - loop.time()))
                tasks.create_task(submit_one(f"even-{number}"))
        over.set()

    async def read() -> None:
        await first.wait()
        while not over.is_set():
            for path in _READS:
                await _timed(reads, lambda path=path: _fetch(client, path))
                await asyncio.sleep(_READ_PAUSE_S)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(submit())
        tasks.create_task(read())
    await _until_ended(client)
    return {
        "reads": len(reads),
        **_spread("read", reads),
        "submissions": len(submitted),
        **_spread("submit", submitted),
    }


_READS = (
    "/api/v1/workflows?limit=50",
    "/api/v1/workflows/orch-even-0",
    "/api/v1/workflows/orch-even-0/tickets?limit=50",
    "/api/v1/workflows/orch-even-0/timeline?limit=50",
    "/api/v1/workflows/orch-even-0/snapshot",
    "/api/v1/workflows/orch-even-0/graph",
    "/api/v1/decisions/even-0",
    "/api/v1/tickets/by-plan/even-0",
)


async def _burst(client: httpx.AsyncClient) -> float:
    """Return how long `BURST` plans take from the first submission to the last end."""
    names = [f"burst-{number}" for number in range(BURST)]
    began = perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for start in range(_CLIENTS):
            tasks.create_task(_submit_all(client, names[start::_CLIENTS]))
    await _until_ended(client)
    return perf_counter() - began


async def _submit_all(client: httpx.AsyncClient, names: Sequence[str]) -> None:
    for name in names:
        await _submit(client, name)


async def _streams(served: Ours, client: httpx.AsyncClient) -> dict[str, object]:
    """Return what `STREAMS` open streams cost, and how long it takes until all have heard."""
    await _submit(client, "watched")
    before_mb = _resident_mb(served)
    heard = [asyncio.Event() for _ in range(STREAMS)]
    opened = [asyncio.Event() for _ in range(STREAMS)]
    address = urlsplit(str(client.base_url))
    async with asyncio.TaskGroup() as tasks:
        watching = [
            tasks.create_task(_watch(address.hostname or "", address.port or 0, begun, done))
            for begun, done in zip(opened, heard, strict=True)
        ]
        for begun in opened:
            await begun.wait()
        open_mb = _resident_mb(served)
        began = perf_counter()
        answer = await client.post("/api/v1/workflows/orch-watched/pause")
        answer.raise_for_status()
        for done in heard:
            await done.wait()
        heard_s = perf_counter() - began
        after_mb = _resident_mb(served)
        for task in watching:
            task.cancel()
    return {
        "streams": STREAMS,
        "resident_before_mb": before_mb,
        "resident_with_streams_mb": max(open_mb, after_mb),
        "all_heard_ms": round(heard_s * 1000),
    }


async def _watch(host: str, port: int, opened: asyncio.Event, heard: asyncio.Event) -> None:
    """Keep a stream open, and say when it has begun and when it tells of the pause."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        path = "/api/v1/workflows/orch-watched/events"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        await writer.drain()
        async for line in reader:
            if line.startswith(b": alive"):
                opened.set()
            if b"pause_requested" in line:
                heard.set()
    finally:
        writer.close()


async def _submit(client: httpx.AsyncClient, name: str) -> None:
    body = decision(name, _EDGES)
    answer = await client.post("/api/v1/decisions", content=body, headers=_JSON)
    answer.raise_for_status()


async def _fetch(client: httpx.AsyncClient, path: str) -> None:
    (await client.get(path)).raise_for_status()


async def _until_ended(client: httpx.AsyncClient) -> None:
    while True:
        answer = await client.get("/api/v1/workflows?open=true&limit=1")
        answer.raise_for_status()
        if not answer.json()["items"]:
            return
        await asyncio.sleep(_LOOK_S)


async def _timed(taken: list[float], work: Callable[[], Awaitable[None]]) -> None:
    began = perf_counter()
    await work()
    taken.append((perf_counter() - began) * 1000)


def _spread(name: str, taken: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    return {
        f"{name}_p50_ms": round(cuts[49], 1),
        f"{name}_p95_ms": round(cuts[94], 1),
        f"{name}_p99_ms": round(cuts[98], 1),
    }


def _resident_mb(served: Ours) -> float:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
    return round(int(kilobytes) / 1024, 1)
