"""What `orq doctor` looks at on this machine: disk, clock, versions."""

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator_dynamic.cli.printing import DASH, counted, duration, moment
from orchestrator_dynamic.ports.probing import Check, Verdict, ok, problem, warning

MIB = 1024 * 1024

# The log alone takes 8 MiB, and a plan of 100,000 tasks some 70 MiB until it is pruned.
FREE_PROBLEM_BYTES = 100 * MIB
FREE_WARNING_BYTES = 1024 * MIB

# A commit costs as much; a task of a chain waits for several.
SLOW_WRITE_MS = 50

# Later than anything that was ever journaled: a clock before it was never set.
EARLIEST_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
CLOCK_STEP_MS = 500

PYTHON_MIN = (3, 11)
SQLITE_MIN = (3, 38)  # From then on JSON is part of it.
PACKAGES = (
    "fastavro", "orjson", "prometheus-client", "pydantic", "pydantic-settings", "python-dotenv",
    "rich", "structlog", "typer", "uvloop",
)  # fmt: skip

# The log is shared memory, which no network file system gives to two machines.
_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs", "lustre")
_VOLATILE = ("tmpfs", "ramfs")
_MOUNTS = Path("/proc/self/mounts")


def checks_of_versions(sqlite_version: str) -> Iterator[Check]:
    """Look at what this program runs on."""
    python = platform.python_version()
    if sys.version_info[:2] < PYTHON_MIN:
        yield problem("python", python, "use Python 3.11 or newer")
    else:
        yield ok("python", f"{python} ({platform.python_implementation()})")
    if tuple(int(part) for part in sqlite_version.split(".")[:2]) < SQLITE_MIN:
        yield problem("sqlite", sqlite_version, "use a Python that brings SQLite 3.38 or newer")
    else:
        yield ok("sqlite", sqlite_version)
    found = {name: _version_of(name) for name in ("orchestrator-dynamic", *PACKAGES)}
    told = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    missing = [name for name in PACKAGES if found[name] is None and _wanted(name)]
    if missing:
        yield problem("packages", f"not installed: {', '.join(missing)}", "install them again")
    else:
        yield ok("packages", told)


def _version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _wanted(package: str) -> bool:
    return package != "uvloop" or sys.platform != "win32"


def checks_of_directory(directory: Path) -> Iterator[Check]:
    """Look at the data directory, the file system that it is on, and the room that is left."""
    place = _existing(directory)
    if place != directory:
        yield _check_of_absent(directory, place)
    elif not directory.is_dir():
        yield problem("data directory", f"{directory} is no directory", "name another: --data-dir")
        return
    else:
        yield _check_of_write(directory)
    yield _check_of_file_system(place)
    yield _check_of_room(place)


def _existing(path: Path) -> Path:
    """Return `path`, or the nearest directory above it that exists."""
    here = path.absolute()
    while not here.exists() and here != here.parent:
        here = here.parent
    return path if here == path.absolute() else here


def _check_of_absent(directory: Path, place: Path) -> Check:
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return ok("data directory", f"{directory} is not there yet; the first `orq run` makes it")
    finding = f"{directory} is not there and cannot be made in {place}"
    return problem("data directory", finding, "get the right to write there, or name another")


def _check_of_write(directory: Path) -> Check:
    began = time.perf_counter()
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".doctor-") as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        finding = f"{directory} cannot be written: {error.strerror}"
        return problem("data directory", finding, "get the right to write there, or make room")
    took_ms = (time.perf_counter() - began) * 1000
    finding = f"{directory} is writable; a durable write took {took_ms:.1f} ms"
    if took_ms > SLOW_WRITE_MS:
        return warning("data directory", finding, "use a quicker disk, or one that is less busy")
    return ok("data directory", finding)


def _check_of_file_system(place: Path) -> Check:
    kind = _file_system_of(place)
    if kind is None:
        return ok("file system", "unknown; this system does not tell")
    if kind.startswith(_NETWORK):
        remedy = "use a local disk: SQLite's log does not work across machines"
        return problem("file system", f"{kind}, a network file system", remedy)
    if kind in _VOLATILE:
        finding = f"{kind}: everything is gone when this machine restarts"
        return warning("file system", finding, "use a disk for what has to last")
    if kind == "overlay":
        finding = "overlay: everything is gone with this container"
        return warning("file system", finding, "mount a volume for what has to last")
    return ok("file system", kind)


def _file_system_of(place: Path) -> str | None:
    try:
        lines = _MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return None
    best, kind = -1, None
    target = place.resolve()
    for line in lines:
        # The kernel writes a space in a name as \040.
        _, point, name, *_ = line.replace("\\040", " ").split(" ") if " " in line else ("", "", "")
        if target.is_relative_to(point or "/nowhere") and len(point) > best:
            best, kind = len(point), name
    return kind


def _check_of_room(place: Path) -> Check:
    usage = shutil.disk_usage(place)
    finding = f"{_size(usage.free)} of {_size(usage.total)} are free"
    if usage.free < FREE_PROBLEM_BYTES:
        return problem("disk", finding, "make room at once: a full disk stops the engine")
    if usage.free < FREE_WARNING_BYTES:
        return warning("disk", finding, "make room: `orq prune` frees some in the file itself")
    return ok("disk", finding)


def _size(count: int) -> str:
    return f"{count / MIB / 1024:.1f} GiB" if count >= 1024 * MIB else f"{count / MIB:.0f} MiB"


def size_words(count: int) -> str:
    """Return a number of bytes for people."""
    return counted(count, "byte") if count < MIB else _size(count)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What two clocks say at one moment: the wall's, and the one that is never set."""

    wall_ms: int
    steady_ms: int


def read_clocks() -> ClockReading:
    """Return what the clocks say now."""
    return ClockReading(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000)


def check_of_clock(before: ClockReading, now: ClockReading, last_fact_at: int | None) -> Check:
    """Look at the clock: was it set meanwhile, and has it gone back since the last journal entry?

    Args:
        before: a reading of some moments ago.
    """
    finding = f"it is {moment(now.wall_ms)}"
    remedy = "let a time service keep the clock (chronyd, systemd-timesyncd)"
    step = (now.wall_ms - before.wall_ms) - (now.steady_ms - before.steady_ms)
    if now.wall_ms < EARLIEST_MS:
        return problem("clock", f"{finding}, which cannot be", remedy)
    if last_fact_at is not None and now.wall_ms < last_fact_at:
        late = duration(last_fact_at - now.wall_ms)
        what = f"{finding}, {late} before the last journal entry ({moment(last_fact_at)})"
        return problem("clock", what, f"{remedy}; deadlines stand still until then")
    if abs(step) > CLOCK_STEP_MS:
        return warning("clock", f"{finding}; it was set by {step} ms just now", remedy)
    last = DASH if last_fact_at is None else moment(last_fact_at)
    return ok("clock", f"{finding}; last journal entry: {last}")


def worst_of(checks: Sequence[Check]) -> Verdict:
    """Return the gravest verdict of all."""
    verdicts = {check.verdict for check in checks}
    return next(one for one in reversed(Verdict) if one in verdicts or one is Verdict.OK)
