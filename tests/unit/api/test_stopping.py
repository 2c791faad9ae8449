"""An engine that had to stop: whoever waits for it hears so at once."""

import asyncio
from pathlib import Path

import httpx

from orchestrator_dynamic.adapters.sqlite.database import StorageFailed
from tests.support.engines import a_message
from tests.support.service import a_service
from tests.unit.runtime.test_restart import fill_disk

JSON = {"Content-Type": "application/json"}


async def test_a_commit_that_fails_is_told_as_a_part_that_is_away(tmp_path: Path) -> None:
    """Nothing is known of what was handed in; the process ends, and says why."""
    serving: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    failed: list[BaseException] = []

    async def serve_until_it_fails() -> None:
        try:
            async with a_service(tmp_path) as running:
                assert running.service.embedded is not None
                fill_disk(running.service.embedded)
                serving.set_result(running.service.address)
                await asyncio.Event().wait()
        except* StorageFailed as errors:
            failed.extend(errors.exceptions)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_until_it_fails())
        large = a_message(reasoning_summary="x" * 60_000)
        async with httpx.AsyncClient(base_url=await serving, timeout=20) as client:
            answer = await client.post("/api/v1/decisions", content=large, headers=JSON)

    assert failed
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]
