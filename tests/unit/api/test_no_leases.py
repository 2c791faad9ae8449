"""The worker protocol where tickets go over the brokers: every route says so."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from orchestrator_dynamic.api.app import create_app
from orchestrator_dynamic.bootstrap import serving
from orchestrator_dynamic.bootstrap.identity import opened_gatekeeper
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.runtime.feed import Feed
from tests.support.lending import an_engine_that_lends
from tests.support.service import said

ATTEMPT = {"ticket_id": "t", "attempt": 1}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/workers/w1/tickets:lease", {}),
        ("POST", "/api/v1/workers/w1/tickets:heartbeat", {"tickets": [ATTEMPT]}),
        ("POST", "/api/v1/workers/w1/tickets:report", {"results": []}),
        ("POST", "/api/v1/workers/w1/tickets:return", {"tickets": [ATTEMPT]}),
        (
            "PATCH",
            "/api/v1/tickets/t/status",
            {"status": "COMPLETED", "attempt": 1, "agent_id": "w1"},
        ),
    ],
)
async def test_tickets_that_go_elsewhere_are_not_lent(
    tmp_path: Path, method: str, path: str, body: dict[str, object]
) -> None:
    """A worker that asks here would wait for ever otherwise."""
    settings = Settings(data_dir=tmp_path)
    async with (
        an_engine_that_lends(tmp_path) as app,
        opened_gatekeeper(settings, "127.0.0.1") as door,
    ):
        engine = replace(serving._of_embedded(app), desk=None)
        api = create_app(serving._parts(settings, engine, Feed(), door))
        transport = httpx.ASGITransport(app=api)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.request(method, path, json=body)

    assert said(answer, 409)["code"] == "tickets_go_elsewhere"
