"""One engine a data directory: whoever holds the lease, and who that is.

The kernel drops the lock when its holder dies, however it dies, so a dead holder's lease is free
at once. The file's text only tells people who holds it.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from orchestrator_dynamic.errors import Misconfigured

FILE_NAME = "lease"

# Whoever asks who holds it shares the lock for some microseconds, and is no holder.
_TRIES, _TRY_AGAIN_S = 50, 0.01


class LeaseHeld(Misconfigured):
    """Another process runs an engine on this data directory."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease. `since` is ISO 8601, UTC."""

    pid: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        """Name the holder for people."""
        return f"process {self.pid} on {self.host} ({self.command}), since {self.since}"


@contextmanager
def held(directory: Path, command: str, since: str) -> Iterator[None]:
    """Hold the lease of `directory` while inside.

    Raises:
        LeaseHeld: another process does; the message names it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not _locked(descriptor):
            known = _read(descriptor)
            who = f"by {known}" if known else "by a process that has just started"
            message = f"{directory} is in use {who}; stop it or name another --data-dir"
            raise LeaseHeld(message)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": command}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({**holder, "since": since}).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder_of(directory: Path) -> Holder | None:
    """Return who holds the lease of `directory` now, or None where nobody does."""
    try:
        descriptor = os.open(directory / FILE_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor) or Holder(0, "unknown", "just started", "now")
    finally:
        os.close(descriptor)
    return None


def _locked(descriptor: int) -> bool:
    """Lock for ourselves alone, unless a holder keeps us from it."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            Event().wait(_TRY_AGAIN_S)
        else:
            return True
    return False


def _read(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None
