"""One worker's requests to the orchestrator, and what each refusal asks of it."""

from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import httpx
import orjson

from orchestrator_dynamic.errors import Misconfigured, Refused, Unavailable

CONNECT_S = 5.0
ANSWER_S = 30.0
# Shorter than a server keeps a silent connection, so that none is used that it has closed.
_IDLE_S = 4.0
_SHOWN_MAX = 300

# What passes by itself; everything else is for good.
_COMES_BACK = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_BODY = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class ServerUnavailable(Unavailable):
    """The orchestrator does not answer for now, or says so."""


class BodyRefused(Refused):
    """The orchestrator will not have this body: it is too large, or breaks a bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConnection:
    """Where the orchestrator is, and how it knows us; the token is never shown."""

    url: str
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be an address.

        Raises:
            Misconfigured: it is none; the message says how to write it.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misconfigured(f"{self.url!r} is no address; write it as http://host:8080")
        if "@" in parts.netloc:
            raise Misconfigured("an address holds no password; give the token by ORQ_TOKEN")
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise Misconfigured("the token holds what no header can carry; is it the whole file?")

    def __str__(self) -> str:
        return self.url


class WorkerClient:
    """Sends one worker's requests, as long as its context is open."""

    def __init__(self, connection: HttpConnection, worker_id: str) -> None:
        self._connection = connection
        self._path = f"/api/v1/workers/{quote(worker_id, safe='')}/tickets:"
        token = connection.token
        self._client = httpx.AsyncClient(
            base_url=connection.url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            limits=httpx.Limits(keepalive_expiry=_IDLE_S),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    async def ask(self, what: str, body: object, answer_s: float = ANSWER_S) -> bytes:
        """Return the JSON text that answers a request.

        Args:
            what: `lease`, `heartbeat`, `report` or `return`.
            body: what JSON can carry; bytes are JSON already.

        Raises:
            ServerUnavailable: nothing is known of it; ask again later.
            BodyRefused: ask for less at once.
            Misconfigured: it is refused for good; the message says what to do.
        """
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        try:
            response = await self._client.post(
                self._path + what,
                content=content,
                headers={"Content-Type": "application/json"},
                timeout=httpx.Timeout(answer_s, connect=CONNECT_S),
            )
        except httpx.TransportError as error:
            raise ServerUnavailable(f"{self._connection}: {error!r}") from error
        if response.status_code == HTTPStatus.OK:
            return response.content
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> Exception:
        status, said = response.status_code, _detail(response)
        where = f"{self._connection} answered {status}: {said}"
        if status in _COMES_BACK:
            return ServerUnavailable(where)
        if status in _BODY:
            return BodyRefused(where)
        if status == HTTPStatus.UNAUTHORIZED:
            return Misconfigured(f"{where}; set ORQ_TOKEN (or --token-file) to a valid token")
        if status == HTTPStatus.FORBIDDEN:
            return Misconfigured(f"{where}; ask for a token with the scope `work`")
        if status == HTTPStatus.CONFLICT:
            return Misconfigured(where)
        return Misconfigured(f"{where}; is this the address of `orq serve`?")


def _detail(response: httpx.Response) -> str:
    """Return what a problem document says; other pages are long and say nothing to people here."""
    try:
        document = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict) and isinstance(document.get("detail"), str):
        return str(document["detail"])[:_SHOWN_MAX]
    return response.reason_phrase or "nothing that a problem document says"
