"""Runs and kills `worker_program`."""

import asyncio
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.services.sdk.exchange import PATIENCE_S, Exchange
from tests.support.command_line import ROOT, environment


class WorkerProcess:
    """A worker that runs as a process."""

    def __init__(self, process: Process, record: Path) -> None:
        self._process = process
        self._record = record

    @property
    def executed(self) -> Counter[str]:
        """How often each ticket was begun."""
        return executed_in(self._record)

    async def until_executed(self, count: int) -> None:
        """Wait until `count` executions have begun."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if self.executed.total() >= count:
                    return
                await asyncio.sleep(0.005)

    async def kill(self) -> None:
        """End it as a power cut does."""
        if self._process.returncode is None:
            self._process.kill()
        async with asyncio.timeout(PATIENCE_S):
            await self._process.wait()


def executed_in(record: Path) -> Counter[str]:
    """Return how often each ticket was begun, as `record` tells."""
    return Counter(record.read_text().split() if record.exists() else ())


@asynccontextmanager
async def worker_process(
    exchange: Exchange, record: Path, *, commit_interval_s: float = 0.1
) -> AsyncIterator[WorkerProcess]:
    """Run a worker on `exchange`; it is killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.services.sdk.worker_program",
        exchange.bootstrap_servers,
        exchange.tickets_topic,
        exchange.results_topic,
        exchange.group,
        str(record),
        str(commit_interval_s),
        cwd=ROOT,
        env=environment({"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}),
    )
    worker = WorkerProcess(process, record)
    try:
        yield worker
    finally:
        await worker.kill()
