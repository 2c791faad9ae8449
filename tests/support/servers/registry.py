"""A schema registry with Confluent's API."""

from typing import ClassVar

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.server import Server


class Registry(Server):
    """Refuses schemas that cannot read their predecessors' messages (BACKWARD)."""

    script: ClassVar[str] = "registry"

    def __init__(self) -> None:
        port, management_port = free_ports(2)
        self.url = f"http://{HOST}:{port}/apis/ccompat/v7"
        super().__init__(
            {"REGISTRY_PORT": str(port), "REGISTRY_MANAGEMENT_PORT": str(management_port)}
        )
