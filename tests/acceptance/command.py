"""Calls `orq` as a person does: in a process of its own, seen only by what it prints and leaves."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NIGHTLY = EXAMPLES / "decisions" / "nightly-report.json"

# Far above what anything takes here; a command that hangs must fail its test, not the whole build.
DEADLINE_S = 60
_LOOK_EVERY_S = 0.01

_ORQ = (sys.executable, "-m", "orchestrator_dynamic.cli")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    exit_code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Everything on stdout, a JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each plan, or of each file that is none, by its name."""
        return {one["plan_id"] or Path(one["source"]).name: one["outcome"] for one in self.objects}


def orq(*arguments: str | Path, stdin: bytes = b"", **options: Any) -> Ended:
    """Run a command to its end; `options` are those of `running`."""
    with running(*arguments, **options) as process:
        return process.ended(stdin)


class Running:
    """A command that has not ended yet."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def ended(self, stdin: bytes = b"") -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(stdin, timeout=DEADLINE_S)
        return Ended(self.process.returncode, (out or b"").decode(), err.decode())

    def until(self, condition: Callable[[], bool]) -> None:
        """Return when `condition` holds; it must come to hold before the command ends."""
        for _ in range(int(DEADLINE_S / _LOOK_EVERY_S)):
            if condition():
                return
            try:
                self.process.wait(timeout=_LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"it ended before: {self.ended()}")
        raise AssertionError(f"it did not come to pass within {DEADLINE_S} s")

    def stopped(self, by: signal.Signals) -> Ended:
        """Send a signal, and wait for the end."""
        self.process.send_signal(by)
        return self.ended()


@contextmanager
def running(
    *arguments: str | Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    before: Callable[[], object] | None = None,
    stdout: int = subprocess.PIPE,
) -> Iterator[Running]:
    """Start a command; whatever happens, it does not outlive the context.

    Args:
        env: what it finds set, beside what every process needs; nothing of our own settings.
        before: called in the process before the command.
        stdout: a file descriptor instead of what `Ended.out` tells.
    """
    here = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    process = subprocess.Popen(
        [*_ORQ, *map(str, arguments)],
        cwd=cwd,
        env={**here, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **(env or {})},
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=before,
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


def rows(data_dir: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what is on the record."""
    with closing(sqlite3.connect(data_dir / "orchestrator.sqlite3")) as connection:
        return connection.execute(query).fetchall()
