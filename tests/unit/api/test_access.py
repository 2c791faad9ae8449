"""Every route of the application, and everybody who may or may not use it.

The table is made from the routes themselves, so that a new one is in it before anybody forgets.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route, compile_path

from orchestrator_dynamic.api.app import application
from orchestrator_dynamic.api.guarding import GuardedRoute, needs_of
from orchestrator_dynamic.bootstrap.tokens import issued, revoked
from orchestrator_dynamic.config.identity import IdentitySettings
from orchestrator_dynamic.ports.identity import Scope
from tests.support.oidc_issuer import AUDIENCE, OidcIssuer, new_key
from tests.support.raw_http import connected, request
from tests.support.service import Running, a_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Open to everybody, each for a reason: alive and ready for whoever restarts us, the page and what
# describes the API because they hold nothing, and the words for problems.
OPEN = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("GET", "/problems/{code}"),
    ("GET", "/ready"),
    ("HEAD", "/openapi.json"),
}
# Where files are served, which hold nothing either.
OPEN_FOLDERS = {"/page"}

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")

# Nothing here may wait for what does not come.
BODY = b'{"wait_s": 0}'

EVERYBODY = tuple(Scope)


@dataclass(frozen=True, slots=True)
class Way:
    """A method and a path, and the scope that it asks for."""

    method: str
    path: str
    scope: Scope | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def ways_of(routes: Sequence[BaseRoute]) -> Iterator[Way]:
    """Yield every way into the application; a kind of route that is not known here fails."""
    for route in routes:
        if isinstance(route, APIRoute):
            scopes = {need.scope for need in needs_of(route.dependant)}
            assert not scopes or isinstance(route, GuardedRoute), "it reads before it asks"
            assert len(scopes) <= 1, f"{route.path} asks for {scopes}; one scope a route"
            for method in sorted(route.methods or ()):
                yield Way(method, route.path, next(iter(scopes), None))
        elif isinstance(route, Route):
            for method in sorted(route.methods or ()):
                yield Way(method, route.path, None)
        elif isinstance(route, Mount):
            assert route.path in OPEN_FOLDERS
        else:
            included = getattr(route, "original_router", None)
            assert included is not None, f"nobody knows who may use {route!r}"
            yield from ways_of(included.routes)


APP = application()
WAYS = sorted(ways_of(APP.routes), key=str)
GUARDED = [way for way in WAYS if way.scope is not None]
PATHS = sorted({way.path for way in WAYS})


async def test_only_what_is_meant_to_be_open_is_open() -> None:
    """A route that asks for nothing must be on the list above, with its reason."""
    assert {(way.method, way.path) for way in WAYS if way.scope is None} == OPEN
    assert len(GUARDED) > 30, "the routes themselves were found"


async def test_nothing_is_described_that_is_not_in_the_table() -> None:
    """The description and the table are made in two ways, and must agree on what there is."""
    described = {
        (method.upper(), path)
        for path, operations in APP.openapi()["paths"].items()
        for method in operations
    }

    assert described - {(way.method, way.path) for way in WAYS} == set()
    assert {(way.method, way.path) for way in GUARDED} - described == set()


def scope_meant_for(way: Way) -> Scope:
    """Return what the contract says of a route, in four lines."""
    last = way.path.rpartition("/")[2]
    if "/workers/" in way.path or way.method == "PATCH":
        return Scope.WORK
    if last in ("approve", "reject"):
        return Scope.APPROVE
    reads = way.method == "GET" or last in ("validate", "query")
    return Scope.READ if reads and last != "log-level" else Scope.OPERATE


async def test_every_route_asks_for_what_the_contract_says() -> None:
    """A matrix that is made from the routes alone believes whatever they ask for."""
    assert {str(way): way.scope for way in GUARDED} == {
        str(way): scope_meant_for(way) for way in GUARDED
    }


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    """Run an issuer of tokens."""
    with OidcIssuer() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(
    tmp_path_factory: pytest.TempPathFactory, issuer: OidcIssuer
) -> AsyncIterator[Running]:
    """Run a service that accepts the issuer's tokens, and some of its own."""
    identity = IdentitySettings(oidc_issuer=issuer.url, oidc_audience=AUDIENCE)
    people: dict[str, tuple[Scope, ...]] = {scope.value: (scope,) for scope in Scope}
    people |= {f"not {scope}": tuple(set(Scope) - {scope}) for scope in Scope}
    people |= {"revoked": EVERYBODY}
    data_dir = tmp_path_factory.mktemp("guarded")
    async with a_service(data_dir, people=people, identity=identity) as running:
        file = running.settings.identity.tokens_file
        assert file is not None
        assert revoked(file, "revoked")
        expired, _ = issued(file, "expired", frozenset(Scope), 1)
        headers = running.as_("revoked")
        # The file is looked at once a second.
        while (await running.client.get("/api/v1/me", headers=headers)).status_code != 401:
            pass
        yield replace(running, tokens={**running.tokens, "expired": expired})


async def asked(running: Running, way: Way, shown: str | None) -> httpx.Response:
    """Return the answer to a request that shows `shown`, about names that nobody knows."""
    path = re.sub(r"\{[^}]*\}", "1", way.path)
    headers = {} if shown is None else {"Authorization": shown}
    content = BODY if way.method in ("DELETE", "PATCH", "POST", "PUT") else None
    if content:
        headers["Content-Type"] = "application/json"
    async with running.client.stream(way.method, path, headers=headers, content=content) as sent:
        # A stream that was let in has no end: its status is all that matters.
        if not sent.headers.get("content-type", "").startswith("text/event-stream"):
            await sent.aread()
        return sent


def nobodys(issuer: OidcIssuer, running: Running, scope: Scope) -> dict[str, str | None]:
    """Return ways to be nobody, each with nothing wrong but what its name says."""
    right, known = issuer.token("ana", [scope]), running.tokens[scope]
    return {
        "no token": None,
        "nothing after the word": "Bearer",
        "no token at all": "Bearer not.a.token",
        "another way to say it": "Basic YW5hOmFuYQ==",
        "the token without its word": right,
        "expired": f"Bearer {issuer.token('ana', [scope], expires_in_s=-3_600)}",
        "for somebody else": f"Bearer {issuer.token('ana', [scope], audience='somebody-else')}",
        "from somebody else": f"Bearer {issuer.token('ana', [scope], issuer='http://else')}",
        "signed by somebody else": f"Bearer {issuer.token('ana', [scope], key=new_key())}",
        "changed": f"Bearer {altered(right)}",
        "ours, changed": f"Bearer {altered(known)}",
        "ours, cut short": f"Bearer {known[:-1]}",
        "ours, expired": f"Bearer {running.tokens['expired']}",
        "ours, revoked": f"Bearer {running.tokens['revoked']}",
    }


def altered(token: str) -> str:
    """Return a token of which some letters are others."""
    return token[:-8] + ("B" if token[-8] != "B" else "C") + token[-7:]


@pytest.mark.parametrize("way", GUARDED, ids=str)
async def test_a_route_lets_in_whom_it_must_and_nobody_else(
    guarded: Running, issuer: OidcIssuer, way: Way
) -> None:
    """Each way of being nobody is told apart from being somebody who may not."""
    assert way.scope is not None
    others = [scope for scope in Scope if scope is not way.scope]
    strangers = nobodys(issuer, guarded, way.scope)
    lesser = (issuer.token("ana", others), guarded.tokens[f"not {way.scope}"])
    rightful = (issuer.token("ana", [way.scope]), guarded.tokens[way.scope])

    refused = {name: await asked(guarded, way, shown) for name, shown in strangers.items()}
    forbidden = [await asked(guarded, way, f"Bearer {token}") for token in lesser]
    let_in = [await asked(guarded, way, f"Bearer {token}") for token in rightful]

    told = {name: answer.status_code for name, answer in refused.items()}
    assert told == dict.fromkeys(strangers, 401)
    assert {answer.headers["www-authenticate"] for answer in refused.values()} == {"Bearer"}
    assert [answer.status_code for answer in forbidden] == [403, 403]
    assert {answer.json()["code"] for answer in forbidden} == {"forbidden"}
    assert all(way.scope in answer.json()["detail"] for answer in forbidden)
    # A body may be wrong for a route, and names are; neither is about who asks.
    assert {answer.status_code for answer in let_in} <= {200, 202, 400, 404, 409, 422}


@pytest.mark.parametrize("path", ["/api/v1/decisions", "/api/v1/workers/w/tickets:lease"])
async def test_nobodys_body_is_not_waited_for(guarded: Running, path: str) -> None:
    """Who may not send anything must not make us keep what they send."""
    head = request("POST", path, "Content-Type: application/json", "Content-Length: 1000000")
    async with connected(guarded.service.address) as wire:
        await wire.send(head)
        answer = await wire.answer()

    assert (answer.status, answer.problem["code"]) == (401, "unauthenticated")


async def test_what_is_open_asks_for_no_token_and_minds_none(guarded: Running) -> None:
    """A probe that happens to send an old token must not have the service restarted."""
    ways = [way for way in WAYS if way.scope is None]

    answers = [await asked(guarded, *one) for one in product(ways, (None, "Bearer not.a.token"))]

    assert {answer.status_code for answer in answers} <= {200, 404}


async def test_the_pages_files_are_open_and_nothing_beside_them(guarded: Running) -> None:
    """Files are served from one folder, however a path is written."""
    tricks = (
        "..%2Froutes%2Fpage.py",
        "%2e%2e/app.py",
        "....//app.py",
        "..%5Capp.py",
        "%2Fetc%2Fpasswd",
        "app.js%00.html",
        "a" * 5_000,
        "",
    )

    page = await guarded.client.get("/page/index.html")
    answers = [await guarded.client.get(f"/page/{trick}") for trick in tricks]

    assert page.status_code == 200
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}


@pytest.mark.parametrize("path", PATHS)
async def test_any_other_method_is_refused_with_those_that_there_are(
    guarded: Running, path: str
) -> None:
    """Also before it is known who asks; and OPTIONS lets no other site's page in."""
    there = {way.method for way in WAYS if way.path == path}
    # A path that is written out could be a name as well, and is that for other methods.
    meant = re.sub(r"\{[^}]*\}", "1", path)
    also = {way.method for way in WAYS if compile_path(way.path)[0].match(meant)}

    answers = {
        method: await asked(guarded, Way(method, path, None), None)
        for method in METHODS
        if method not in also
    }

    assert {answer.status_code for answer in answers.values()} == {405}
    assert {answer.headers["allow"] for answer in answers.values()} == {", ".join(sorted(there))}
    for method, answer in answers.items():
        assert not any(name.startswith("access-control-") for name in answer.headers)
        assert method == "HEAD" or answer.json()["code"] == "method_not_allowed"
