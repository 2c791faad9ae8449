"""The whole service, for real: an engine on a directory, a server on a free port, a client."""

from collections.abc import AsyncIterator, Mapping, Sequence
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
    """A service that runs, and a client of it that shows no token."""

    service: Service
    client: httpx.AsyncClient
    settings: Settings

    def as_(self, subject: str, *scopes: Scope) -> dict[str, str]:
        """Return the headers of somebody who has a token with these scopes."""
        if self.settings.identity.tokens_file is None:
            raise ValueError("this service has no tokens")
        token, _ = issued(self.settings.identity.tokens_file, subject, frozenset(scopes), None)
        return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def a_service(
    data_dir: Path,
    *,
    workers: Sequence[Worker] | None = None,
    tokens: bool = False,
    **overrides: Any,
) -> AsyncIterator[Running]:
    """Run a service on `data_dir` with a port of its own, as long as the context is open.

    Args:
        tokens: whether it asks for tokens; `Running.as_` makes them.
        overrides: further settings, by the names of their fields.
    """
    identity = overrides.pop("identity", IdentitySettings())
    if tokens:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = data_dir / "tokens.toml"
        issued(file, "nobody-yet", frozenset({Scope.READ}), None)
        identity = identity.model_copy(update={"tokens_file": file})
    http = overrides.pop("http", HttpSettings()).model_copy(update={"port": 0})
    settings = Settings(data_dir=data_dir, http=http, identity=identity, **overrides)
    async with service(settings, workers=workers, command="a test") as running:
        async with httpx.AsyncClient(base_url=running.address, timeout=PATIENCE_S) as client:
            yield Running(running, client, settings)


def said(response: httpx.Response, status: int = 200) -> Mapping[str, Any]:
    """Return the object that an answer holds, which must have this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    answer = response.json()
    assert isinstance(answer, dict)
    return answer
