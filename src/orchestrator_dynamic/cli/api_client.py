"""A service elsewhere, as commands call it: problem documents become clear errors."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

import typer

from orchestrator_dynamic.errors import Finding, InvalidInput, Misconfigured, Severity, Unavailable
from orchestrator_dynamic.errors import Refused as RefusedKind

if TYPE_CHECKING:
    import httpx

# Where the token is, for no argument list is private.
TOKEN_VARIABLE = "ORQ_TOKEN"
URL_VARIABLE = "ORQ_URL"
DEFAULT_URL = "http://127.0.0.1:8080"

_TIMEOUT_S = 30.0
_TOKEN_BYTES_MAX = 16_384

Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar=URL_VARIABLE,
        help="Ask the `orq serve` at this address.",
        show_default=False,
        show_envvar=True,
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"With --url: a file that holds the token, in place of {TOKEN_VARIABLE}.",
        show_default=False,
    ),
]


class ServiceRefused(RefusedKind):
    """The service will not do this; the message says why in its own words."""


class ServiceAway(Unavailable):
    """The service cannot be reached, or cannot answer now."""


class ApiClient:
    """Calls a service, each call with a deadline."""

    def __init__(self, client: "httpx.Client", failure: type[Exception]) -> None:
        """Begin to call.

        Args:
            failure: what the client raises where a call fails.
        """
        self._client = client
        self._failure = failure
        self.url = str(client.base_url).rstrip("/")

    def get(self, path: str, **query: str | int) -> Any:
        """Return what is at `path`."""
        return self._said(self._sent("GET", path, params=query))

    def post(self, path: str, body: object = None) -> Any:
        """Return the answer to a request with a JSON body, or without one."""
        sent = {} if body is None else {"json": body}
        return self._said(self._sent("POST", path, **sent))

    def submit(self, message: bytes, key: str | None = None) -> Any:
        """Return the receipt for a message.

        Raises:
            InvalidInput: it was refused, with every finding.
        """
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        path = "/api/v1/decisions"
        return self._said(self._sent("POST", path, content=message, headers=headers))

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines of an event stream, until it ends.

        Raises:
            ServiceAway: it broke off.
        """
        try:
            with self._client.stream("GET", path) as answer:
                if answer.status_code != 200:
                    answer.read()
                    self._said(answer)
                yield from answer.iter_lines()
        except self._failure as error:
            raise ServiceAway(f"{self.url} broke off: {error}") from error

    def workflow_named(self, name: str) -> Mapping[str, Any]:
        """Return the workflow that a name means: a workflow, decision or plan id, or part of one.

        Raises:
            ServiceRefused: none has this name, or several have.
        """
        if not name.strip("./"):
            raise ServiceRefused(f"{name!r} is no name that an address can carry")
        for exact in (name, f"orch-{name}"):
            try:
                found: Mapping[str, Any] = self.get(f"/api/v1/workflows/{quote(exact, safe='')}")
                return found
            except _NotThere:
                continue
        items = self.get("/api/v1/workflows", q=name, limit=6)["items"]
        if len(items) == 1:
            one: Mapping[str, Any] = items[0]
            return one
        if not items:
            raise ServiceRefused(f"nothing is known at {self.url} under {name}")
        names = ", ".join(item["workflow_id"] for item in items)
        raise ServiceRefused(f"{name} may mean {names}; give the whole id")

    def _sent(self, method: str, path: str, **how: Any) -> "httpx.Response":
        try:
            return self._client.request(method, path, **how)
        except self._failure as error:
            told = f"{self.url} cannot be reached: {error}; is `orq serve` running there?"
            raise ServiceAway(told) from error

    def _said(self, answer: "httpx.Response") -> Any:
        if answer.is_success:
            return answer.json()
        problem = _problem_in(answer)
        detail = str(problem.get("detail", answer.reason_phrase))
        if answer.status_code in (401, 403):
            todo = f"set {TOKEN_VARIABLE}, or give --token-file"
            raise Misconfigured(f"{self.url}: {detail}; {todo}")
        if answer.status_code == 404:
            raise _NotThere(f"{self.url}: {detail}")
        if findings := problem.get("findings"):
            told = [
                Finding(one["code"], Severity(one["severity"]), one["where"], one["message"])
                for one in findings
            ]
            raise InvalidInput(str(problem.get("code", "invalid")), told)
        if answer.status_code == 429 or answer.status_code >= 500:
            raise ServiceAway(f"{self.url} answers {answer.status_code}: {detail}")
        raise ServiceRefused(detail)


class _NotThere(ServiceRefused):
    """Nothing is known under this name."""


@contextmanager
def calling(url: str, token_file: Path | None = None) -> Iterator[ApiClient]:
    """Give a client of the service at `url`, as long as the context is open.

    Raises:
        Misconfigured: the address or the token's file cannot be used.
    """
    token = token_in(token_file)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    base = urlsplit(url)
    if base.scheme not in ("http", "https") or not base.hostname:
        raise Misconfigured(f"--url {url} is no address; give one such as {DEFAULT_URL}")
    # Imported here, for its library takes longer than most commands.
    import httpx

    try:
        with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=_TIMEOUT_S) as client:
            yield ApiClient(client, httpx.HTTPError)
    except httpx.InvalidURL as error:
        raise Misconfigured(f"--url {url} is no address: {error}") from error


def token_in(file: Path | None) -> str | None:
    """Return the token to show, from a file or the environment; None where there is none.

    Raises:
        Misconfigured: the file cannot be read, or holds no token.
    """
    if file is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip() or None
    try:
        with file.open("rb") as opened:
            text = opened.read(_TOKEN_BYTES_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"--token-file {file} cannot be read: {error}") from error
    if not text or not text.isprintable() or " " in text:
        raise Misconfigured(f"--token-file {file} holds no token, which is one word alone")
    return text


def _problem_in(answer: "httpx.Response") -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
