"""A door to a registry that counts who goes in, and that can be shut in several ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

ANSWER = "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"


class Door:
    """Passes requests on, unless it is told otherwise.

    Attributes:
        url: of the registry, through this door.
        requests: the first line of each request.
        logins: the `authorization` of each request.
        status: what to answer instead of passing on; None passes on.
        silent: whether nothing is answered at all.
    """

    def __init__(self, target: str, port: int) -> None:
        parts = urlsplit(target)
        self.url = f"http://127.0.0.1:{port}{parts.path}"
        self.requests: list[str] = []
        self.logins: list[str] = []
        self.status: int | None = None
        self.silent = False
        self._host, self._port = parts.hostname or "", parts.port or 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, one request at a time."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = head.decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        self.requests.append(lines[0].removesuffix(" HTTP/1.1"))
        self.logins += [line for line in lines if line.lower().startswith("authorization")]
        if self.silent:
            await asyncio.Event().wait()
        if self.status is not None:
            told = b'{"message": "no", "error_code": 1}'
            writer.write(ANSWER.format(status=self.status, length=len(told)).encode() + told)
            return
        beyond, out = await asyncio.open_connection(self._host, self._port)
        kept = [line for line in lines if not line.lower().startswith("connection")]
        out.write("\r\n".join([kept[0], "connection: close", *kept[1:]]).encode() + body)
        answer = await beyond.read()
        out.close()
        writer.write(answer)
        writer.close()


@asynccontextmanager
async def door_to(target: str) -> AsyncIterator[Door]:
    """Open a door to the registry at `target`."""
    doors: list[Door] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await doors[0].serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    doors.append(Door(target, server.sockets[0].getsockname()[1]))
    try:
        yield doors[0]
    finally:
        server.close()
