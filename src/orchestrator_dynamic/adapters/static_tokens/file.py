"""The file of hashed tokens on disk: read within bounds, written as a whole by one at a time."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.adapters.static_tokens.entries import (
    TokenEntry,
    TokensFileInvalid,
    read_entries,
    text_of,
)
from orchestrator_dynamic.errors import Misconfigured, Unavailable

# A thousand entries with long names.
_BYTES_MAX = 1_048_576
_ONLY_OURS = 0o600

Mark = tuple[int, int, int, int, int]


class TokensFileBusy(Unavailable):
    """Another process is writing the file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds.

    Attributes:
        mark: differs from that of every other version of the file.
        open_to: who else may read it, for people; empty where nobody may.
    """

    entries: tuple[TokenEntry, ...]
    mark: Mark
    open_to: str


def mark_of(path: Path) -> Mark | None:
    """Return the mark of the file as it is now; None where there is none that we may see."""
    try:
        return _mark(path.stat())
    except OSError:
        return None


def read(path: Path) -> Reading:
    """Return what the file holds.

    Raises:
        TokensFileInvalid: it cannot be read, or is not what it must be; with every complaint.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(_BYTES_MAX + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise TokensFileInvalid(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TokensFileInvalid(f"{path} is not UTF-8, so that it is no file of tokens") from error
    if len(content) > _BYTES_MAX:
        raise TokensFileInvalid(f"{path} is larger than {_BYTES_MAX} bytes")
    if status.st_mode & stat.S_IWOTH:
        raise TokensFileInvalid(f"{path} can be written by everybody; chmod 600 {path}")
    return Reading(read_entries(text, str(path)), _mark(status), _open_to(status.st_mode))


@contextmanager
def changing(path: Path) -> Iterator[list[TokenEntry]]:
    """Give the entries of the file, to be changed in place, and write them at the end.

    The file appears whole or not at all, and is made where there is none. An error inside leaves
    it as it was.

    Raises:
        TokensFileBusy: another process is at it.
        TokensFileInvalid: what is there cannot be read.
        Misconfigured: the file cannot be written.
    """
    # Through a link to what it names, or the link would become a file.
    target = path.resolve()
    with _alone(target):
        entries = list(read(target).entries) if target.exists() else []
        yield entries
        text = text_of(entries)
        read_entries(text, str(path))
        try:
            _replace(target, text.encode())
        except OSError as error:
            raise Misconfigured(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    lock = target.with_name(f".{target.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _ONLY_OURS)
    except OSError as error:
        problem = f"{target} cannot be written, for {lock} cannot be: {error.strerror}"
        raise Misconfigured(problem) from error
    try:
        _lock(descriptor, target)
        yield
    finally:
        # The lock goes with the descriptor. Its file stays: deleting it would let two in.
        os.close(descriptor)


def _lock(descriptor: int, target: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TokensFileBusy(f"another process is writing {target}; try again") from error


def _replace(target: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            _keep_access(target, file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _keep_access(target: Path, descriptor: int) -> None:
    """Let those read the new file who could read the old one: a service may be in its group."""
    if not target.exists():
        os.fchmod(descriptor, _ONLY_OURS)
        return
    status = target.stat()
    with suppress(PermissionError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _mark(status: os.stat_result) -> Mark:
    changed = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_dev, status.st_ino, status.st_size, *changed)


def _open_to(mode: int) -> str:
    if mode & stat.S_IROTH:
        return "everybody"
    return "its group" if mode & stat.S_IRGRP else ""
