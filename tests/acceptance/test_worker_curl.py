"""The worker protocol's own example, line by line, by bash and curl against a real server."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator_dynamic.bootstrap.embedded import application
from orchestrator_dynamic.config.loading import load_settings
from tests.acceptance.command import DEADLINE_S, ROOT, rows, running
from tests.support.engines import a_chain, a_message

GUIDE = ROOT / "docs" / "worker-protocol.md"


def script() -> str:
    """Return all that the guide has readers type, in its order."""
    fenced = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return "\n".join(["set -euo pipefail", *fenced.findall(GUIDE.read_text())])


async def bring_a_plan(directory: Path) -> None:
    """Leave a plan of two tasks, one after the other, for a service that starts later."""
    settings = load_settings({"DATA_DIR": str(directory)}, None)
    async with application(settings, workers=None, command="a test") as app:
        await app.engine.submit(a_message(*a_chain("first", "second")), source="test")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Run `orq serve` where a plan waits, and yield its address."""
    data = tmp_path / "data"
    asyncio.run(bring_a_plan(data))
    with running("serve", "--port", "0", "--data-dir", data) as serving:
        assert serving.process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", serving.process.stderr.readline().decode())
        assert found is not None, serving.ended()
        yield found[0]


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that stand one after the other."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        found, end = decoder.raw_decode(text)
        yield found
        text = text[end:]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_guide_does_what_it_says(tmp_path: Path, address: str) -> None:
    """Who types it becomes a worker, and the plan goes on."""
    typed = subprocess.run(
        ["bash", "-c", script()],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "ORQ_URL": address},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert typed.returncode == 0, typed.stderr
    lent, beaten, taken = objects_in(typed.stdout)
    assert lent["tickets"][0]["ticket"]["task_id"] == "first"
    assert beaten["tickets"][0]["verdict"] == "go_on"
    assert taken["fate"] == "taken"
    stages = rows(tmp_path / "data", "SELECT task_id, agent FROM tickets WHERE stage = 'COMPLETED'")
    assert stages == [("first", "w1")]
    assert rows(tmp_path / "data", "SELECT payload FROM results WHERE status = 'COMPLETED'") == [
        ('{"output":{"rows":"42"},"metadata":{"attempt":"1"},"logs":[]}',)
    ]
