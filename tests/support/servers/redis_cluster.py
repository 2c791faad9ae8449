"""A Redis Cluster of three primaries."""

import os
import signal
from typing import ClassVar

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.server import Server


class RedisCluster(Server):
    """Three nodes without replicas: each holds a third of the slots."""

    script: ClassVar[str] = "redis"

    def __init__(self) -> None:
        ports = free_ports(6)
        self.nodes = tuple(f"{HOST}:{port}" for port in ports[:3])
        super().__init__(
            {
                "REDIS_PORTS": " ".join(map(str, ports[:3])),
                "REDIS_BUS_PORTS": " ".join(map(str, ports[3:])),
            }
        )

    def kill_node(self, index: int) -> None:
        """End one of the three nodes at once; `start` brings the whole cluster back."""
        recorded = (self.folder / f"node-{index}.pid").read_text("utf-8")
        os.kill(int(recorded.split()[0]), signal.SIGKILL)
