"""What a command is to take in: files, directories and standard input, named on the command line.

They are looked at before anything begins, so that one that cannot be used is said at once; each is
read when its turn comes, so that a directory of large plans is never in memory as a whole.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

STDIN = "-"
SUFFIXES = (".json", ".avro", ".bin")

# The largest value that PLAN_MAX_BYTES can have: nothing above would be read under any setting.
BYTES_MAX = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Input:
    """One message: what people call it, and how to get at its bytes."""

    source: str
    read: Callable[[], bytes]

    def at_hand(self) -> "Input":
        """Return the same with what a person may be typing read to its end.

        A thread that waits for a terminal could not be stopped later.
        """
        if self.read is not _read_stdin:
            return self
        data = self.read()
        return Input(self.source, lambda: data)


def inputs_named(arguments: Iterable[str], complaints: list[str]) -> list[Input]:
    """Return the inputs that `arguments` name, in their order; a directory's are sorted by name.

    Args:
        complaints: takes a line for each argument that names nothing usable.
    """
    found: list[Input] = []
    for argument in dict.fromkeys(arguments):
        if argument == STDIN:
            found.append(Input("standard input", _read_stdin))
        elif Path(argument).is_dir():
            found += _in_directory(Path(argument), complaints)
        elif complaint := _complaint_about(Path(argument)):
            complaints.append(complaint)
        else:
            found.append(Input(argument, Path(argument).read_bytes))
    return found


def _in_directory(directory: Path, complaints: list[str]) -> Iterator[Input]:
    try:
        names = sorted(path for path in directory.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        complaints.append(f"{directory} cannot be read: {error.strerror}")
        return
    paths = [path for path in names if not path.is_dir()]
    if not paths:
        wanted = ", ".join(f"*{suffix}" for suffix in SUFFIXES)
        complaints.append(f"{directory} holds no decision; files in it are looked for as {wanted}")
    for path in paths:
        if complaint := _complaint_about(path):
            complaints.append(complaint)
        else:
            yield Input(str(path), path.read_bytes)


def _complaint_about(path: Path) -> str | None:
    """Return why `path` cannot be read. A pipe can, as `<(…)` of a shell makes them."""
    try:
        size = path.stat().st_size
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    except ValueError as error:
        return f"{str(path)!r} cannot be read: {error}"
    if not os.access(path, os.R_OK):
        return f"{path} cannot be read: you have no permission"
    if size > BYTES_MAX:
        return f"{path} has {size:,} bytes; at most {BYTES_MAX:,} can be read, whatever is set"
    return None


def _read_stdin() -> bytes:
    return sys.stdin.buffer.read(BYTES_MAX)
