"""A server that speaks MongoDB's protocol."""

from typing import ClassVar

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.server import Server


class Mongo(Server):
    """Not MongoDB itself: no transactions, sessions, change streams, partial indexes or expiry."""

    script: ClassVar[str] = "mongo"

    def __init__(self) -> None:
        (port,) = free_ports(1)
        self.uri = f"mongodb://{HOST}:{port}"
        super().__init__({"MONGO_PORT": str(port)})
