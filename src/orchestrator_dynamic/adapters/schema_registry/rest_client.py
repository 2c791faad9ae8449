"""One call to the registry at a time: what it answers, and what its failures mean."""

import asyncio
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.ports.standing import Standing
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable, SchemaRefused

_JSON = "application/vnd.schemaregistry.v1+json"
_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryOptions:
    """How to reach a registry.

    Attributes:
        url: with its path, as in `http://host:8081` or `http://host/apis/ccompat/v7`; a user and
            password in it are used for basic authentication, and shown to nobody.
        ca_location: PEM file of the authority to trust; None means those of the system.
        timeout_s: for one call, all of it. An answer takes milliseconds; we give up before
            whoever waits for us does.
    """

    url: str = field(repr=False)
    ca_location: str | None = None
    timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry said; `body` is None where it was no JSON object."""

    status: int
    body: dict[str, Any] | None

    @property
    def not_found(self) -> bool:
        """Whether the registry knows the place, and has nothing there.

        A wrong address is answered with 404 as well, but not with one of these finer numbers.
        """
        return self.status == httpx.codes.NOT_FOUND and 40_400 < (self.error_code or 0) < 40_500

    @property
    def error_code(self) -> int | None:
        """Confluent's finer number for what was wrong."""
        code = (self.body or {}).get("error_code")
        return code if isinstance(code, int) else None

    @property
    def words(self) -> str:
        """What it says about itself, for people."""
        message = (self.body or {}).get("message") or "it gave no reason"
        return f"status {self.status}: {str(message)[:_SHOWN_MAX]}"


class RestClient:
    """Calls a registry; open it as a context."""

    def __init__(self, options: RegistryOptions) -> None:
        parts = urlsplit(options.url)
        place = parts.netloc.rpartition("@")[2]
        # Never the address as it was given: it may hold a password.
        self.address = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
        login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self.standing = Standing()
        self._timeout_s = options.timeout_s
        self._http = httpx.AsyncClient(
            auth=login,
            verify=_trust(options.ca_location),
            timeout=options.timeout_s,
            headers={"accept": f"{_JSON}, application/json"},
            # Not through a proxy of the environment: it is named in full, or it is in our network.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Return what the registry answers to a request that it understands.

        Raises:
            RegistryUnavailable: it cannot be reached, takes too long or is in trouble itself.
            Misconfigured: it does not let us in, or is no registry.
            SchemaRefused: it has another schema there, and will not have this one beside it.
        """
        with self.standing.asking():
            return await self._call(method, path, body)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        doing = f"{method} {self.address}{path}"
        sent: dict[str, Any] = {} if body is None else {"json": body}
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._http.request(method, f"{self.address}{path}", **sent)
        except (TimeoutError, httpx.TransportError) as error:
            if _broken_trust(error):
                raise Misconfigured(f"{doing}: its certificate cannot be trusted") from error
            problem = type(error).__name__ if not str(error) else str(error)[:_SHOWN_MAX]
            raise RegistryUnavailable(f"{doing}: {problem}") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Misconfigured(f"{self.address} is no address of a registry") from error
        return _judged(Answer(response.status_code, _object_in(response)), doing)


def _judged(answer: Answer, doing: str) -> Answer:
    match answer.status:
        case 401 | 403:
            raise Misconfigured(f"{doing}: the registry does not let us in; {answer.words}")
        case 409:
            raise SchemaRefused(f"{doing}: our schema is not compatible; {answer.words}")
        case 408 | 425 | 429:
            raise RegistryUnavailable(f"{doing}: {answer.words}")
        case status if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise RegistryUnavailable(f"{doing}: {answer.words}")
        case _:
            return answer


def _object_in(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _trust(ca_location: str | None) -> ssl.SSLContext | bool:
    if ca_location is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_location)
    except OSError as error:
        raise Misconfigured(f"{ca_location} cannot be used as an authority: {error}") from error


def _broken_trust(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
