"""The HTTP server in the event loop of its engine, stopped by us and by no signal of its own."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn

from orchestrator_dynamic.api.door import Door
from orchestrator_dynamic.bootstrap.http_protocol import BoundedProtocol
from orchestrator_dynamic.errors import Misconfigured

# Connections that wait to be accepted: a burst of clients that come back after a restart.
_BACKLOG = 2_048

# Requests beside streams, the journal, brokers: many systems let a process have 1,024 by default.
_OTHER_FILES = 1_000

# What is under way gets this long to end before it is cut off; streams are told to end at once.
_FAREWELL_S = 3


class HttpServer(uvicorn.Server):
    """Uvicorn without its signal handlers: the command that runs it has its own.

    Args:
        patience_s: how long clients may take over what they send.

    Attributes:
        ready: set once requests are taken.
    """

    def __init__(self, app: Door, patience_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(BoundedProtocol, patience_s=patience_s),  # type: ignore[arg-type]
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=_FAREWELL_S,
            )
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the library says; then say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs this."""
        yield

    def leave(self) -> None:
        """Take no more requests, and end once those under way have been answered."""
        self.should_exit = True


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on `host` and `port`; the caller closes it.

    Raises:
        Misconfigured: it cannot; the message says what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        todo = "stop what uses it, or set another --port (0 takes a free one)"
        raise Misconfigured(f"cannot listen on {host}:{port}: {error.strerror}; {todo}") from error
    return listening


def make_room_for(connections: int) -> None:
    """Let this process have so many connections open, as far as the system allows it."""
    if sys.platform == "win32":
        return
    import resource  # There is none for Windows.

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def address_of(listening: socket.socket) -> str:
    """Return the address under which a browser finds what listens here."""
    host, port = listening.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"http://{'127.0.0.1' if name in ('0.0.0.0', '[::]') else name}:{port}"
