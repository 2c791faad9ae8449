"""The whole service, for real: an engine on a directory, a server on a free port, a client."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from orchestrator_dynamic.bootstrap.serving import Service, service
from orchestrator_dynamic.bootstrap.tokens import issued
from orchestrator_dynamic.config.http import HttpSettings
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.identity import Scope
from orchestrator_dynamic.sdk.worker import Worker

# Long enough for a busy machine, short enough to fail before the whole suite does.
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs, a client of it that shows no token, and the tokens of those it knows."""

    service: Service
    client: httpx.AsyncClient
    settings: Settings
    tokens: Mapping[str, str]

    def as_(self, subject: str) -> dict[str, str]:
        """Return the headers of somebody who has a token."""
        return {"Authorization": f"Bearer {self.tokens[subject]}"}


@asynccontextmanager
async def a_service(
    data_dir: Path,
    *,
    workers: Sequence[Worker] | None = None,
    people: Mapping[str, Collection[Scope]] | None = None,
    **overrides: Any,
) -> AsyncIterator[Running]:
    """Run a service on `data_dir` with a port of its own, as long as the context is open.

    Args:
        people: who has a token with which scopes; None where it asks for none.
        overrides: further settings, by the names of their fields.
    """
    identity = overrides.pop("identity", IdentitySettings())
    tokens = {} if people is None else _tokens(data_dir, people)
    if people is not None:
        identity = identity.model_copy(update={"tokens_file": _file(data_dir)})
    http = overrides.pop("http", HttpSettings()).model_copy(update={"port": 0})
    settings = Settings(data_dir=data_dir, http=http, identity=identity, **overrides)
    async with (
        service(settings, workers=workers, command="a test") as running,
        httpx.AsyncClient(base_url=running.address, timeout=PATIENCE_S) as client,
    ):
        yield Running(running, client, settings, tokens)


def _tokens(data_dir: Path, people: Mapping[str, Collection[Scope]]) -> dict[str, str]:
    data_dir.mkdir(parents=True, exist_ok=True)
    file = _file(data_dir)
    return {name: issued(file, name, frozenset(may), None)[0] for name, may in people.items()}


def _file(data_dir: Path) -> Path:
    return data_dir / "tokens.toml"


def said(response: httpx.Response, status: int = 200) -> Mapping[str, Any]:
    """Return the object that an answer holds, which must have this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    answer = response.json()
    assert isinstance(answer, dict)
    return answer
