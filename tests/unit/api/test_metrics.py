"""What the service counts of itself: each of these moves where it should."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from orchestrator_dynamic.api.measuring import group_of
from orchestrator_dynamic.observability.metric_names import HTTP_GROUPS
from tests.support.engines import a_message
from tests.support.service import Running, a_service

JSON = {"Content-Type": "application/json"}


async def value(running: Running, name: str, **labels: str) -> float:
    """Return what Prometheus would read."""
    text = (await running.client.get("/metrics")).text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    raise AssertionError(f"there is no {name} {labels}")


async def test_requests_are_counted_by_what_they_are_about(tmp_path: Path) -> None:
    """And by how they were answered; those that are turned away at the door too."""
    async with a_service(tmp_path) as running:
        await running.client.post("/api/v1/decisions", content=a_message(), headers=JSON)
        await running.client.post("/api/v1/decisions", content=b"{", headers=JSON)
        await running.client.post("/api/v1/decisions", content=b"", headers={"Origin": "http://x"})

        name = "orchestration_http_requests_total"
        assert await value(running, name, group="decisions", status="2xx") == 1
        assert await value(running, name, group="decisions", status="4xx") == 2
        took = "orchestration_http_request_duration_seconds_count"
        assert await value(running, took, group="decisions") == 3


async def test_open_streams_are_counted(tmp_path: Path) -> None:
    """From their beginning to their end, whoever ends them."""
    name = "orchestration_event_streams"
    async with a_service(tmp_path) as running:
        await running.client.post("/api/v1/decisions", content=a_message(), headers=JSON)
        path = "/api/v1/workflows/orch-decision-1/events"
        async with running.client.stream("GET", path) as one:
            lines = one.aiter_lines()
            assert await anext(lines) == ": alive"
            async with running.client.stream("GET", "/api/v1/events") as other:
                others = other.aiter_lines()
                assert await anext(others) == ": alive"
                open_now = await value(running, name)
        for _ in range(200):
            left = await value(running, name)
            if not left:
                break

    assert (open_now, left) == (2, 0)


def test_every_path_belongs_to_a_known_group() -> None:
    """An id in a label is a series for ever."""
    paths = {
        "/": "page",
        "/page/js/main.js": "page",
        "/docs": "page",
        "/health": "operations",
        "/metrics": "operations",
        "/api/v1/me": "operations",
        "/api/v1/nonsense/1": "operations",
        "/api/v1/decisions/d/approve": "decisions",
        "/api/v1/plans/validate": "plans",
        "/api/v1/workflows/orch-1/tickets": "workflows",
        "/api/v1/workflows/orch-1/events": "streams",
        "/api/v1/events": "streams",
        "/api/v1/tickets/t": "tickets",
        "/api/v1/workers/w/tickets:lease": "leases",
        "/api/v1/workers/w/tickets:report": "workers",
        "/api/v1/dead-letters/1": "dead_letters",
    }

    assert {path: group_of(path) for path in paths} == paths
    assert set(paths.values()) == set(HTTP_GROUPS["group"])
