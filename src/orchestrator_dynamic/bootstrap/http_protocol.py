"""What a client may make a connection cost before there is a request that could be refused.

The library puts no bound on how long and how large the head of a request may be, on what stands
between the chunks of a body, and on how long an answer may lie unread. Here each has one.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import (
    HttpToolsProtocol,
    RequestResponseCycle,
)

from orchestrator_dynamic.api.correlation import HEADER
from orchestrator_dynamic.api.door import HEADERS
from orchestrator_dynamic.api.problems import Problem, answer

# As much as browsers and proxies send, several times over.
HEAD_BYTES_MAX = 65_536

# Beside each byte of a body; a chunk of a single byte brings five.
_BESIDE_PER_BYTE = 8


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is closed where its client keeps it waiting, or sends what is no request.

    Args:
        patience_s: how long the head of a request may take, what is left of a body whose request
            has been answered, and, three times as long, an answer to be read on.
    """

    def __init__(self, *args: Any, patience_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience_s = patience_s
        self._in_head = True
        self._in_body = False
        self._begun = False
        self._beside = 0
        self._body = 0
        self._hurry = _Timer(self._too_slow)
        self._stuck = _Timer(lambda: self.transport.abort())

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As the library says; and the head must come."""
        super().connection_made(transport)
        self._look_at_time()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the library says."""
        self._hurry.stop()
        self._stuck.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, as long as the bounds are kept."""
        if self.transport.is_closing():
            return
        self._beside += len(data)
        if self._answered and not self._in_body:
            self._in_head = True
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._beside > HEAD_BYTES_MAX + _BESIDE_PER_BYTE * self._body:
            most = f"{HEAD_BYTES_MAX} bytes"
            self._refuse(Problem("bad_request", f"its head is longer than the {most} taken"))
            return
        self._look_at_time()

    def on_message_begin(self) -> None:
        """As the library says; one request may follow another in the same bytes."""
        self._in_head = self._begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """As the library says; now the body may come."""
        self._in_head, self._in_body = False, True
        self._hurry.stop()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """As the library says."""
        self._beside -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """As the library says."""
        self._in_body = self._begun = False
        self._beside = self._body = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """As the library says; what is left of the body is not waited for as long."""
        super().on_response_complete()
        self._look_at_time()

    def pause_writing(self) -> None:
        """Wait for the client to read; one that does not is not waited for for ever."""
        super().pause_writing()
        self._stuck.set(3 * self._patience_s)

    def resume_writing(self) -> None:
        """As the library says."""
        self._stuck.stop()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; `msg` is the library's own."""
        self._refuse(Problem("bad_request", "the bytes that came are no HTTP request"))

    @property
    def _answered(self) -> bool:
        # Before the first request there is no cycle, whatever the library's types say.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _look_at_time(self) -> None:
        if self._in_head or (self._in_body and self._answered):
            self._hurry.set(self._patience_s)
        else:
            self._hurry.stop()

    def _too_slow(self) -> None:
        # Browsers open connections beforehand, and expect no answer where they asked nothing; nor
        # does anybody whose request has been answered already.
        if self._begun and self._in_head:
            took = f"{self._patience_s:g} s"
            self._refuse(Problem("request_timeout", f"the request was not whole after {took}"))
        else:
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not self.pipeline:
            # The request that was found to be none is on its way already, and goes no further.
            begun, cycle.disconnected = cycle.response_started, True
            cycle.message_event.set()
        else:
            begun = bool(self.pipeline)
        # An answer that has begun cannot be followed by another one on the same connection.
        if not begun:
            self.transport.write(_answer(problem))
        self.transport.close()


class _Timer:
    """Calls something some time after it was set, unless it was stopped before."""

    def __init__(self, late: Callable[[], None]) -> None:
        self._late = late
        self._running: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Begin to count, unless it does already."""
        if self._running is None:
            self._running = asyncio.get_running_loop().call_later(seconds, self._late)

    def stop(self) -> None:
        """Count no more."""
        if self._running is not None:
            self._running.cancel()
            self._running = None


def _answer(problem: Problem) -> bytes:
    correlation_id = uuid4().hex
    response = answer(problem, "", correlation_id)
    response.headers.update({**HEADERS, HEADER: correlation_id, "Connection": "close"})
    status = HTTPStatus(response.status_code)
    lines = [b"%b: %b" % header for header in response.raw_headers]
    return b"\r\n".join(
        [f"HTTP/1.1 {status} {status.phrase}".encode(), *lines, b"", bytes(response.body)]
    )
