"""The command line as a person or a script uses it: a process of its own, its text and its code."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.messages import RECORDED_PLANS

ROOT = RECORDED_PLANS.parents[3] / "main"
PATIENCE_S = 60
_COMMAND = "from orchestrator_dynamic.cli.main import main; main()"


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

    def lines(self) -> list[str]:
        """Return what it printed, line by line."""
        return self.out.splitlines()


def orq(*arguments: str, at: Path, stdin: bytes = b"", **settings: str) -> Finished:
    """Run a command in the directory `at`, whose data are in `at`/data, and wait for its end.

    Nothing of this process's own settings reaches it.
    """
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments],
        cwd=at,
        env=environment(at, settings),
        input=stdin,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())
