"""What Prometheus's own checker says of our metrics, after everything here has moved."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.engines import a_message, a_worker
from tests.support.service import a_service

JSON = {"Content-Type": "application/json"}


async def complaints(text: bytes) -> str:
    """Return what promtool has to say about metrics; nothing where all is well."""
    promtool = shutil.which("promtool")
    if promtool is None and os.environ.get("SERVICES_REQUIRED") != "1":
        pytest.skip("promtool is not installed: `make services` or Debian's prometheus has it")
    assert promtool is not None, "promtool is not installed"
    command = [promtool, "check", "metrics"]
    checked = await asyncio.to_thread(
        subprocess.run, command, input=text, capture_output=True, timeout=30
    )
    said = (checked.stdout + checked.stderr).decode()
    return said if checked.returncode == 0 else f"code {checked.returncode}: {said}"


async def test_promtool_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    """Names, types, units and help as those who write dashboards expect them."""
    async with a_service(tmp_path, workers=[a_worker()]) as running:
        answer = await running.client.post("/api/v1/decisions", content=a_message(), headers=JSON)
        await running.client.get(f"{answer.headers['location']}/events")
        text = (await running.client.get("/metrics")).content

    assert await complaints(text) == ""


async def test_promtool_finds_what_is_wrong() -> None:
    """A check that finds nothing ever would find nothing here either."""
    assert "no help text" in await complaints(b"orchestration_things 1\n")
