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


async def test_promtool_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    """Names, types, units and help as those who write dashboards expect them."""
    promtool = shutil.which("promtool")
    if promtool is None and not os.environ.get("SERVICES_REQUIRED"):
        pytest.skip("promtool is not installed: `make services` or Debian's prometheus has it")
    assert promtool is not None, "promtool is not installed"
    async with a_service(tmp_path, workers=[a_worker()]) as running:
        answer = await running.client.post("/api/v1/decisions", content=a_message(), headers=JSON)
        await running.client.get(f"{answer.headers['location']}/events")
        text = (await running.client.get("/metrics")).content

    command = [promtool, "check", "metrics"]
    checked = await asyncio.to_thread(
        subprocess.run, command, input=text, capture_output=True, timeout=30
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
