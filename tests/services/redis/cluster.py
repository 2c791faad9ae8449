"""A Redis Cluster of three primaries on loopback, to be killed, frozen and revived."""

import asyncio
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

NODES = 3
SLOTS = 16_384
SLOTS_PER_NODE = SLOTS // NODES + 1

# A shared machine may be slow; a test that waits so long fails.
PATIENCE_S = 20.0


class Node:
    """One server of a cluster."""

    def __init__(self, directory: Path, options: Sequence[str], tls: dict[str, object]) -> None:
        directory.mkdir()
        self.port, self.bus_port = free_port(), free_port()
        self._directory, self._options, self._tls = directory, options, tls
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it run; whether it is ready is for the cluster to say."""
        port = ["--port", "0", "--tls-port"] if self._tls else ["--port"]
        self._process = subprocess.Popen(
            ["redis-server", *port, str(self.port), "--cluster-port", str(self.bus_port),
             "--bind", "127.0.0.1", "--dir", str(self._directory), "--cluster-enabled", "yes",
             "--cluster-node-timeout", "1000", "--save", "", "--logfile", "log", *self._options],
        )  # fmt: skip

    @property
    def runs(self) -> bool:
        """Whether it has been started and not been killed."""
        return self._process is not None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stand, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @contextmanager
    def client(self) -> Iterator[Redis]:
        """Open a connection to this node alone."""
        client = Redis(port=self.port, protocol=2, socket_timeout=2, **self._tls)  # type: ignore[arg-type]
        with client:
            yield client


class Cluster:
    """Three primaries that share all slots between them."""

    def __init__(
        self,
        directory: Path,
        options: Sequence[str] = (),
        client_options: dict[str, object] | None = None,
    ) -> None:
        tls = client_options or {}
        self.nodes = [Node(directory / str(n), options, tls) for n in range(NODES)]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where its nodes are, as the setting wants it."""
        return tuple(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Start every node that is down, and return once the cluster is well."""
        for node in self.nodes:
            if not node.runs:
                node.start()
        self.wait_until_well()

    def form(self) -> None:
        """Start it for the first time."""
        for node in self.nodes:
            node.start()
        with ExitStack() as stack:
            clients = [stack.enter_context(node.client()) for node in self.nodes]
            for number, client in enumerate(clients):
                _until(client.ping)
                first = number * SLOTS_PER_NODE
                last = min(first + SLOTS_PER_NODE, SLOTS) - 1
                _told(client, "CLUSTER ADDSLOTSRANGE", first, last)
            for node in self.nodes[1:]:
                _told(clients[0], "CLUSTER MEET", "127.0.0.1", str(node.port), str(node.bus_port))
        self.wait_until_well()

    def wait_until_well(self) -> None:
        """Return once every node sees all others and all slots."""
        for node in self.nodes:
            with node.client() as client:
                _until(lambda client=client: _is_well(client))  # type: ignore[misc]

    def clear(self) -> None:
        """Forget everything."""
        for node in self.nodes:
            with node.client() as client:
                client.flushall()

    def stop(self) -> None:
        """End every node, frozen ones included."""
        for node in self.nodes:
            node.kill()

    def node_of(self, key: str) -> Node:
        """Return the node that keeps `key`."""
        with self.nodes[0].client() as client:
            slot = int(_told(client, "CLUSTER KEYSLOT", key))
        return self.nodes[slot // SLOTS_PER_NODE]


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_installed() -> bool:
    """Tell whether there is a server to start."""
    return shutil.which("redis-server") is not None


async def until(answer: Callable[[], Awaitable[bool]]) -> None:
    """Return once `answer` is yes."""
    async with asyncio.timeout(PATIENCE_S):
        while not await answer():  # noqa: ASYNC110 - a server tells nobody that it is ready.
            await asyncio.sleep(0.02)


async def real_time(seconds: float) -> None:
    """Return when so much has passed on the clock of the servers, which nobody can turn."""
    await asyncio.sleep(seconds)


def _told(client: Redis, *words: str | int) -> Any:
    """Return what a node answers, which redis-py gives no type."""
    return client.execute_command(*words)  # type: ignore[no-untyped-call]


def _is_well(client: Redis) -> bool:
    told = _told(client, "CLUSTER INFO")
    return bool(
        told["cluster_state"] == "ok"
        and told["cluster_slots_ok"] == str(SLOTS)
        and told["cluster_known_nodes"] == str(NODES)
    )


def _until(answer: Callable[[], object]) -> None:
    pause, ends = threading.Event(), time.monotonic() + PATIENCE_S
    while True:
        try:
            if answer():
                return
        except RedisError:
            if time.monotonic() > ends:
                raise
        assert time.monotonic() < ends, "the cluster did not become well"
        pause.wait(0.02)
