"""Temporal's development server: a real one, in memory or on a file, ready in half a second."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from orchestrator_dynamic.adapters.temporal.connection import TemporalAddress
from tests.support.servers.guardian import guarded_folder
from tests.support.servers.ports import HOST, free_ports

BESIDE_PYTHON = Path(sys.executable).parent
NAMESPACE = "neural-hive-mind"
SEARCH_ATTRIBUTES = ("OrchIntent", "OrchPlan", "OrchDecision", "OrchOutcome", "OrchRiskBand")
PATIENCE_S = 30

# As our deployments have it: the defaults let every hop wait some 40 ms.
_QUICK = ("history.transferProcessorMaxPollRPS=1000", "history.timerProcessorMaxPollRPS=1000")


class DevServer:
    """A server on loopback that keeps its port; as a context manager it starts and is ended.

    In a running loop call `start`, `stop` and `kill` through `asyncio.to_thread`.
    """

    def __init__(
        self,
        *settings: str,
        kept: bool = False,
        attributes: Sequence[str] = SEARCH_ATTRIBUTES,
    ) -> None:
        """Choose its port.

        Args:
            settings: dynamic configuration, as `key=value`.
            kept: whether it keeps its state in a file, so that it can be started again.
            attributes: the search attributes that it knows from the beginning.
        """
        [self.port] = free_ports(1)
        self.folder = guarded_folder("temporal-dev")
        self.address = TemporalAddress(target=f"{HOST}:{self.port}", namespace=NAMESPACE)
        self._process: subprocess.Popen[bytes] | None = None
        dynamic = [f"--dynamic-config-value={setting}" for setting in (*_QUICK, *settings)]
        known = [f"--search-attribute={name}=Keyword" for name in attributes]
        where = [f"--db-filename={self.folder / 'state.db'}"] if kept else []
        self._arguments = [*dynamic, *known, *where]

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(BESIDE_PYTHON / "temporal", "server", "start-dev", "--headless"),
                    *("--ip", HOST, "--port", str(self.port), "--namespace", NAMESPACE),
                    *("--log-level", "error", *self._arguments),
                ],
                env={**os.environ, "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        remember(self.folder, self._process.pid)
        asyncio.run(self._ready())

    def stop(self) -> None:
        """End it in order; what it keeps in a file stays."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(PATIENCE_S)

    async def _ready(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await self._answers():
                if self._process is None or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "server.log").read_text())
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        try:
            client = await Client.connect(self.address.target, namespace=NAMESPACE)
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=NAMESPACE)
            )
        except (RuntimeError, RPCError):
            return False
        return True


@asynccontextmanager
async def another_server(
    *settings: str, kept: bool = False, attributes: Sequence[str] = SEARCH_ATTRIBUTES
) -> AsyncIterator[DevServer]:
    """Have a server for one test, in its running loop."""
    server = DevServer(*settings, kept=kept, attributes=attributes)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        server.kill()


def remember(folder: Path, pid: int) -> None:
    """Let the guardian of `folder` end this process with us, where the system tells its birth."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        birth = stat.read_text().rpartition(") ")[2].split()[19]
        (folder / f"process-{pid}.pid").write_text(f"{pid} {birth}\n")
