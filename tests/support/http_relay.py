"""A relay before a service, whose address stays while services come and go, and which can fail."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PATIENCE_S = 20.0


@dataclass(slots=True)
class Relay:
    """An ASGI application that passes requests on.

    Attributes:
        target: the address of the service; None while there is none.
        faults: by the end of a path, the statuses that the next requests are answered with.
        lost: by the end of a path, how many answers of the service the caller never hears.
        seen: how many requests there were, by the last part of their path.
    """

    target: str | None = None
    address: str = ""
    faults: dict[str, deque[int]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def fail_next(self, what: str, *statuses: int) -> None:
        """Answer the next requests for `what` with these statuses; the service hears of none."""
        self.faults[what] = deque(statuses)

    async def until_seen(self, what: str, times: int) -> None:
        """Return once there were so many requests for `what`."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(lambda: self.seen[what] >= times)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        request = Request(scope, receive)
        what = request.url.path.rpartition(":")[2]
        response = await self._answered(request, what)
        async with self.changed:
            self.seen[what] += 1
            self.changed.notify_all()
        await response(scope, receive, send)

    async def _answered(self, request: Request, what: str) -> Response:
        body = await request.body()
        if self.faults.get(what):
            return Response('{"detail":"by the test"}', self.faults[what].popleft())
        if self.target is None:
            return Response("nobody is here", 502)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in ("content-type", "authorization")
        }
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            try:
                answer = await client.request(
                    request.method,
                    f"{self.target}{request.url.path}",
                    content=body,
                    headers=headers,
                )
            except httpx.TransportError:
                return Response("it went away", 502)
        if self.lost[what]:
            self.lost[what] -= 1
            return Response("its answer is lost", 504)
        return Response(answer.content, answer.status_code, {"content-type": "application/json"})


@asynccontextmanager
async def a_relay(target: str | None = None) -> AsyncIterator[Relay]:
    """Run a relay on a free port of this machine."""
    relay = Relay(target)
    config = uvicorn.Config(
        relay, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110 - the library tells by a flag.
            await asyncio.sleep(0)
        [listening] = server.servers[0].sockets
        relay.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield relay
        finally:
            server.should_exit = True
            await serving
