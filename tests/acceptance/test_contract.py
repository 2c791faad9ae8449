"""Schemathesis over the committed description of the API, against a service with plans in it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from orchestrator_dynamic.bootstrap.tokens import issued
from orchestrator_dynamic.ports.identity import Scope
from tests.acceptance.command import ROOT
from tests.acceptance.contract_hooks import ENDED
from tests.acceptance.serving import NOTHING, serving
from tests.support.engines import a_chain, a_message, an_engine
from tests.support.messages import a_task

CONFIG = Path(__file__).with_name("schemathesis.toml")
DOCUMENT = ROOT / "docs" / "openapi.json"

# More finds more, and takes longer: CONTRACT_EXAMPLES=200 is a night's work for a shared machine.
EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "5")

PLANS = (
    a_message(*a_chain("a", "b"), decision_id=ENDED.removeprefix("orch-")),
    a_message(decision_id="parked", requires_approval=True),
    a_message(a_task("a", required_capabilities=["nobody-has-it"]), decision_id="waiting"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a service is, and the header by which it knows us."""

    address: str
    authorization: str


async def leave_dead_letters(data_dir: Path) -> None:
    """Let an engine meet what it cannot use."""
    async with an_engine(data_dir) as app:
        await app.engine.submit(b"not a decision", source="a stranger")
        await app.engine.submit(b'{"decision_id": "x"}', source="a stranger")


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """Serve plans that have ended, that wait, and that never were any."""
    data_dir, tokens = tmp_path / "data", tmp_path / "tokens.toml"
    asyncio.run(leave_dead_letters(data_dir))
    token, _ = issued(tokens, "ana", frozenset(Scope), None)
    env = {
        "AUTH_TOKENS_FILE": str(tokens),
        "AUTH_SUBMITTER_MAY_APPROVE": "true",
        "LOG_LEVEL": "ERROR",
    }
    with serving(data_dir, "--worker", NOTHING, env=env) as service:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        for plan in PLANS:
            path = f"{service.address}/api/v1/decisions"
            httpx.post(path, content=plan, headers=headers, timeout=20).raise_for_status()
        ended = f"{service.address}/api/v1/workflows/{ENDED}/events"
        assert "event: end" in httpx.get(ended, headers=headers, timeout=20).text
        yield Asked(service.address, headers["Authorization"])


def test_the_service_does_what_its_description_says(asked: Asked, tmp_path: Path) -> None:
    """Clients are made from it: no answer that it does not know, no input that it forbids."""
    options = {
        "--url": asked.address,
        "--header": f"Authorization: {asked.authorization}",
        "--checks": "all",
        "--phases": "coverage,fuzzing,stateful",
        "--max-examples": EXAMPLES,
        # A stream of everything has no end; who may open it, and how many, is tested by itself.
        "--exclude-operation-id": "all_events",
        "--request-timeout": "20",
    }
    flags = ("--generation-deterministic", "--continue-on-failure", "--no-shrink", "--no-color")
    program = Path(sys.executable).with_name("st")
    command = [str(program), "--config-file", str(CONFIG), "run", str(DOCUMENT), *flags]
    command += [part for option in options.items() for part in option]

    told = subprocess.run(
        command,
        cwd=tmp_path,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.acceptance.contract_hooks",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr
    assert "Stateful" in told.stdout, "every phase has run"
