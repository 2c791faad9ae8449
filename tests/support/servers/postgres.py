"""A PostgreSQL server."""

from typing import ClassVar

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.server import Server


class Postgres(Server):
    """Data of its own; its superuser is `user`, with `password`."""

    script: ClassVar[str] = "postgres"
    user: ClassVar[str] = "postgres"
    password: ClassVar[str] = "development-only"

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.host = HOST
        super().__init__({"POSTGRES_PORT": str(self.port)})
