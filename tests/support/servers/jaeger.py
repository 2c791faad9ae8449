"""A real receiver of traces, which can be asked what it was sent."""

from typing import Any, ClassVar

import httpx

from tests.support.servers.ports import HOST, free_ports
from tests.support.servers.server import Server


class Jaeger(Server):
    """Jaeger in memory. `grpc` and `http` are endpoints for OTEL_EXPORTER_ENDPOINT."""

    script: ClassVar[str] = "jaeger"

    def __init__(self) -> None:
        grpc, http, query, *inner = free_ports(7)
        self.http = f"http://{HOST}:{http}"
        self.grpc = f"http://{HOST}:{grpc}"
        self._query = f"http://{HOST}:{query}"
        super().__init__(
            {
                "JAEGER_GRPC_PORT": str(grpc),
                "JAEGER_HTTP_PORT": str(http),
                "JAEGER_QUERY_PORT": str(query),
                "JAEGER_INNER_PORTS": " ".join(map(str, inner)),
            }
        )

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        """Return the spans of a trace, as Jaeger's own interface tells them; none where unknown."""
        answer = httpx.get(f"{self._query}/api/traces/{trace_id}", timeout=10)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        answer.raise_for_status()
        return [span for trace in answer.json()["data"] for span in trace["spans"]]
