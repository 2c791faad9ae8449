"""The command line as a person or a script uses it: a process of its own, its text and its code."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PATIENCE_S = 60

_COMMAND = "from orchestrator_dynamic.cli.main import main; main()"
# What a process needs to start at all; whatever else is set here must not reach it.
_INHERITED = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TMPDIR", "USER", "LOGNAME")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command has printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """What it printed, line by line."""
        return self.out.splitlines()


def orq(*arguments: str, at: Path, stdin: bytes = b"", **settings: str) -> Finished:
    """Run a command in the directory `at`, and return when it has ended."""
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments],
        cwd=at,
        env=environment(settings),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which only `settings` are set, and this checkout is found."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), **settings}
