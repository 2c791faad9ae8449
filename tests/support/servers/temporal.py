"""A Temporal server on PostgreSQL."""

from typing import ClassVar

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.postgres import Postgres
from tests.support.servers.server import Server


class TemporalServer(Server):
    """All services in one process, with our namespace and its search attributes.

    Its state is in `postgres`, which somebody else starts first and ends last; two servers cannot
    share one.
    """

    script: ClassVar[str] = "temporal"
    namespace: ClassVar[str] = "neural-hive-mind"

    def __init__(self, postgres: Postgres) -> None:
        self.port, *inner_ports = free_ports(8)
        self.host = HOST
        self.address = f"{HOST}:{self.port}"
        super().__init__(
            {
                "TEMPORAL_PORT": str(self.port),
                "TEMPORAL_INNER_PORTS": " ".join(map(str, inner_ports)),
                "POSTGRES_PORT": str(postgres.port),
            }
        )
