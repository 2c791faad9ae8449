"""What every request passes on its way in, and every answer on its way out.

A request that another site's page has sent is turned away, a body is bounded in size and time,
and each answer tells browsers to trust nothing but ourselves.
"""

import asyncio
from time import perf_counter
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator_dynamic.api.correlation import HEADER, correlation_in
from orchestrator_dynamic.api.measuring import count
from orchestrator_dynamic.api.parts import ApiLimits
from orchestrator_dynamic.api.paths import decoded
from orchestrator_dynamic.api.problems import Problem, answer
from orchestrator_dynamic.observability.logging import bound, get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.loopback import is_loopback

log = get_logger(__name__)

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_API_POLICY = "default-src 'none'; frame-ancestors 'none'"
# On every answer; a route may say otherwise.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": _API_POLICY,
    "Cache-Control": "no-store",
}


class Door:
    """The application that servers are given, around the one that has the routes."""

    def __init__(self, app: ASGIApp, limits: ApiLimits, metrics: Metrics) -> None:
        self._app = app
        self._limits = limits
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (path := decoded(scope.get("raw_path") or b"")) is not None:
            scope["path"] = path
        correlation_id = correlation_in(headers)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        began, status = perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                took_s = perf_counter() - began
                count(self._metrics, scope["path"], status, took_s)
                leaving = MutableHeaders(scope=message)
                leaving[HEADER] = correlation_id
                for name, value in HEADERS.items():
                    leaving.setdefault(name, value)
            await send(message)

        with bound(correlation_id=correlation_id):
            refused = self._refusal(scope["method"], headers)
            if refused is not None:
                response = answer(refused, scope["path"], correlation_id)
                await response(scope, receive, send_with_headers)
            else:
                # Nothing that only looks reads a body, so that none can hold it up.
                safe = scope["method"] in _SAFE
                body = _NoBody(receive) if safe else _BoundedBody(receive, self._limits)
                await self._app(scope, body.receive, send_with_headers)
            log.debug(
                "request_answered",
                method=scope["method"],
                path=scope["path"],
                status=status,
                took_ms=round((perf_counter() - began) * 1000, 1),
            )

    def _refusal(self, method: str, headers: Headers) -> Problem | None:
        hosts = headers.getlist("host")
        if len(hosts) > 1:
            return Problem(
                "bad_request", "it names several hosts; servers could read it in two ways"
            )
        host = hosts[0] if hosts else ""
        if self._limits.local_names_only and not is_loopback(_name_in(host)):
            asked = host or "no host"
            detail = (
                f"asked for {asked}; without identity it answers only to 127.0.0.1 and localhost"
            )
            return Problem("cross_origin", detail)
        if method in _SAFE:
            return None
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Problem("cross_origin", "another site's page may change nothing here")
        origin = headers.get("origin")
        if origin is not None and _authority_in(origin) != host.lower():
            return Problem("cross_origin", f"a page of {origin} may change nothing here")
        return self._refusal_of_body(headers)

    def _refusal_of_body(self, headers: Headers) -> Problem | None:
        length = headers.get("content-length", "0")
        most = self._limits.body_bytes_max
        if length.isdecimal() and int(length) > most:
            return Problem("too_large", f"the body has {length} bytes; at most {most} are taken")
        if length == "0" and "transfer-encoding" not in headers:
            return None
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json" or (kind.startswith("application/") and "+json" in kind):
            return None
        shown = kind or "no content type"
        return Problem(
            "unsupported_media_type", f"{shown} is not taken here; send application/json"
        )


class _BoundedBody:
    """Gives on a request's body as long as it keeps its bounds in size and time."""

    def __init__(self, receive: Receive, limits: ApiLimits) -> None:
        self._receive = receive
        self._limits = limits
        self._taken = 0
        self._until = asyncio.get_running_loop().time() + limits.body_timeout_s
        self._whole = False

    async def receive(self) -> Message:
        """Return the next message of the client.

        Raises:
            Problem: the body is too large, takes too long, or breaks off.
        """
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as error:
            took = f"{self._limits.body_timeout_s:g} s"
            raise Problem("request_timeout", f"the body was not whole after {took}") from error
        if message["type"] == "http.disconnect":
            # Nobody hears this any more; it is said so that nothing goes on with half a body.
            raise Problem("bad_request", "the client left before its body was whole")
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._limits.body_bytes_max:
            most = self._limits.body_bytes_max
            raise Problem("too_large", f"the body is longer than the {most} bytes that are taken")
        return message


class _NoBody:
    """Gives on that the client has left, and nothing else."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._told = False

    async def receive(self) -> Message:
        """Return an empty body, and then wait until the client has left."""
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await self._receive())["type"] != "http.disconnect":
            pass
        return message


def _name_in(host: str) -> str:
    """Return the name or address in a Host header, without its port."""
    if host.startswith("["):
        name, closed, _ = host[1:].partition("]")
        return name.lower() if closed else ""
    return host.partition(":")[0].lower()


def _authority_in(origin: str) -> str | None:
    """Return the name and port of a page's origin; None where it has none or is no address.

    Its scheme is left out, for a proxy that ends TLS before us changes it.
    """
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
