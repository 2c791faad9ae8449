"""A Kafka broker, open on one port and with SASL over TLS on another."""

from pathlib import Path
from typing import ClassVar, NamedTuple

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.server import Server


class Login(NamedTuple):
    """Who may use the SASL port."""

    username: str
    password: str


class Kafka(Server):
    """One broker that is its own controller. Topics do not make themselves."""

    script: ClassVar[str] = "kafka"
    plain_login: ClassVar[Login] = Login("plain-user", "development-only")
    scram_login: ClassVar[Login] = Login("scram-user", "development-only")

    def __init__(self) -> None:
        port, sasl_port, controller_port = free_ports(3)
        self.bootstrap_servers = f"{HOST}:{port}"
        self.sasl_bootstrap_servers = f"{HOST}:{sasl_port}"
        super().__init__(
            {
                "KAFKA_PORT": str(port),
                "KAFKA_SASL_PORT": str(sasl_port),
                "KAFKA_CONTROLLER_PORT": str(controller_port),
                "KAFKA_AUTO_CREATE_TOPICS": "false",
            }
        )

    @property
    def ca_file(self) -> Path:
        """The authority to trust on the SASL port; it exists from the first start on."""
        return self.folder / "tls" / "ca.crt"
