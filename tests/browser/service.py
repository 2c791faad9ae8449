"""A service for a browser: in a process of its own, with workers, and with tokens if wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from orchestrator_dynamic.bootstrap.tokens import issued
from orchestrator_dynamic.ports.identity import Scope
from tests.acceptance.command import Running
from tests.acceptance.serving import serving

PACED = "tests.browser.paced_worker:worker"
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Service:
    """A service at `address`; `tokens` are those of subjects, none where it is open."""

    running: Running
    address: str
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> str:
        """Where it listens."""
        return self.address.rpartition(":")[2]

    def page(self, place: str = "/plans", who: str | None = None) -> str:
        """Return the address of a place on the page, for a subject that signs in by it."""
        if who is None:
            return f"{self.address}/#{place}"
        return f"{self.address}/#token={self.tokens[who]}&go={place}"

    def ask(self, method: str, path: str, who: str | None = None, **options: Any) -> httpx.Response:
        """Return the answer of the API."""
        headers = {"Content-Type": "application/json"}
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        url = f"{self.address}/api/v1{path}"
        return httpx.request(method, url, headers=headers, timeout=TIMEOUT_S, **options)

    def submit(self, decision: str, who: str | None = None) -> str:
        """Hand a decision in, and return its workflow."""
        answer = self.ask("POST", "/decisions", who, content=decision)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["workflow_id"])


@contextmanager
def a_service(
    directory: Path, *options: str, port: str = "0", tokens: Path | None = None
) -> Iterator[Service]:
    """Serve with the paced worker; `tokens` is a file of those who are let in."""
    env = {} if tokens is None else {"AUTH_TOKENS_FILE": str(tokens)}
    with serving(directory, "--worker", PACED, *options, port=port, env=env) as running:
        yield Service(running.running, running.address)


@contextmanager
def a_guarded_service(directory: Path, **scopes: tuple[str, ...]) -> Iterator[Service]:
    """Serve for the subjects that are named, each with its scopes."""
    file = directory / "tokens.toml"
    directory.mkdir(parents=True, exist_ok=True)
    tokens = {
        subject: issued(file, subject, frozenset(map(Scope, allowed)), None)[0]
        for subject, allowed in scopes.items()
    }
    with a_service(directory / "data", tokens=file) as service:
        yield Service(service.running, service.address, tokens)
