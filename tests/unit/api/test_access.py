"""Every route of the application, and everybody who may or may not use it.

The table is made from the routes themselves, so that a new one is in it before anybody forgets.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from orchestrator_dynamic.api.access import Requires
from orchestrator_dynamic.api.app import application
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.ports.identity import Scope
from tests.support.oidc_issuer import OidcIssuer
from tests.support.service import Running, a_service

# Open to everybody, each for a reason: alive and ready for whoever restarts us, the page and its
# description because they hold nothing, and the words for problems.
OPEN = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/problems/{code}"),
}

AUDIENCE = "orchestrator"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path, and the scope that it asks for."""

    method: str
    path: str
    scope: Scope | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def scopes_in(dependant: Dependant) -> Iterator[Scope]:
    """Yield the scopes that a route asks for."""
    if isinstance(dependant.call, Requires):
        yield dependant.call.scope
    for inner in dependant.dependencies:
        yield from scopes_in(inner)


def routes() -> Iterator[Route]:
    """Yield every route of the application."""
    for route in application().routes:
        if isinstance(route, APIRoute):
            scopes = set(scopes_in(route.dependant))
            assert len(scopes) <= 1, f"{route.path} asks for {scopes}; one scope a route"
            for method in sorted(route.methods):
                yield Route(method, route.path, next(iter(scopes), None))


ROUTES = sorted(routes(), key=str)
GUARDED = [route for route in ROUTES if route.scope is not None]


def test_only_what_is_meant_to_be_open_is_open() -> None:
    """A route that asks for nothing must be on the list above, with its reason."""
    assert {(route.method, route.path) for route in ROUTES if route.scope is None} == OPEN


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    """Run an issuer of tokens."""
    with OidcIssuer() as running:
        yield running


@pytest.fixture
async def guarded(tmp_path: Path, issuer: OidcIssuer) -> AsyncIterator[Running]:
    """Run a service that accepts the tokens of the issuer."""
    identity = IdentitySettings(oidc_issuer=issuer.address, oidc_audience=AUDIENCE)
    async with a_service(tmp_path / "data", identity=identity) as running:
        yield running


async def asked(running: Running, route: Route, token: str | None) -> httpx.Response:
    """Return the answer of `route`, with names that nobody knows in its path."""
    path = re.sub(r"\{[^}]*id[^}]*\}", "1", route.path)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    content = b"{}" if route.method in ("POST", "PUT", "PATCH") else None
    if content:
        headers["Content-Type"] = "application/json"
    async with running.client.stream(route.method, path, headers=headers, content=content) as sent:
        # A stream that was let in has no end: its status is all that matters.
        if not sent.headers["content-type"].startswith("text/event-stream"):
            await sent.aread()
        return sent


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_a_route_lets_in_whom_it_must_and_nobody_else(
    guarded: Running, issuer: OidcIssuer, route: Route
) -> None:
    """Each way of being nobody is told apart from being somebody who may not."""
    assert route.scope is not None
    others = [scope for scope in Scope if scope is not route.scope]
    mine, theirs = [route.scope], others
    right = issuer.token("ana", mine, audience=AUDIENCE)
    nobody = {
        "no token": None,
        "malformed": "not.a.token",
        "expired": issuer.token("ana", mine, audience=AUDIENCE, expires_in_s=-3_600),
        "wrong audience": issuer.token("ana", mine, audience="somebody-else"),
        "changed": right[:-6] + ("AAAAAA" if right[-6:] != "AAAAAA" else "BBBBBB"),
    }

    refused = {name: (await asked(guarded, route, token)) for name, token in nobody.items()}
    wrong_scope = await asked(
        guarded, route, issuer.token("ana", theirs, audience=AUDIENCE)
    )
    let_in = await asked(guarded, route, right)

    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(
        nobody, 401
    )
    assert all(answer.headers["www-authenticate"] == "Bearer" for answer in refused.values())
    assert wrong_scope.status_code == 403
    assert wrong_scope.json()["code"] == "forbidden"
    assert let_in.status_code not in (401, 403)
