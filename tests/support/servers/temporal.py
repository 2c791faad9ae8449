"""A Temporal server on PostgreSQL."""

import asyncio
from typing import ClassVar

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.postgres import Postgres
from tests.support.servers.server import Server

_PATIENCE_S = 60
_LOOK_S = 0.1


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


async def made_namespace(address: str, namespace: str) -> None:
    """Make a namespace with nothing in it, and return when the server answers for it."""
    request = RegisterNamespaceRequest(
        namespace=namespace, workflow_execution_retention_period=Duration(seconds=86_400)
    )
    client = await Client.connect(address, namespace=namespace)
    await client.workflow_service.register_namespace(request)
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                await client.count_workflows()
            except RPCError:
                await asyncio.sleep(_LOOK_S)
            else:
                return
