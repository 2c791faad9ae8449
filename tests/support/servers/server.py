"""What all servers have in common: a script that runs them, and processes to kill and freeze."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from tests.support.servers.guardian import SCRIPTS, guarded_folder

# A cold Java on a busy machine with two cores takes its time; the scripts have limits of their own.
PATIENCE_S = 180


class ServerFailed(Exception):
    """A server did not do what its script asked of it; the message ends with what it said."""


class Server:
    """One real server on loopback, on ports that stay the same as long as the object lives.

    As a context manager it starts, and at the end vanishes with its data. All methods wait until
    it is done; in a running loop call them through `asyncio.to_thread`, so that clients go on.
    """

    script: ClassVar[str]

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Choose its folder.

        Args:
            settings: its ports, under the names that its script reads.
        """
        self.folder = guarded_folder(self.script)
        self.settings = dict(settings)

    @classmethod
    def missing(cls) -> tuple[str, ...]:
        """Return what has to be installed before it can start; nothing when all is there."""
        return tuple(_run(cls.script, "missing").splitlines())

    def start(self) -> None:
        """Start it on the data that it has, and return when it answers; running, it stays."""
        self._do("start")

    def stop(self) -> None:
        """End it in order; its data stay."""
        self._do("stop")

    def kill(self) -> None:
        """End all its processes at once, as a power cut does to a machine; its data stay."""
        self._do("kill")

    def restart(self) -> None:
        """Stop it in order, and start it on the same ports and data."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Halt all its processes: connections stay, and nothing answers."""
        self._do("freeze")

    def thaw(self) -> None:
        """Let them go on as if nothing had happened."""
        self._do("thaw")

    def pids(self) -> tuple[int, ...]:
        """Return the processes that it consists of now."""
        return tuple(int(line) for line in self._do("pids").split())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def _do(self, command: str) -> str:
        return _run(self.script, command, self.folder, settings=self.settings)


def _run(script: str, *arguments: str | Path, settings: Mapping[str, str] | None = None) -> str:
    """Run a server's script, and return what it printed."""
    # The programs of this very environment, wherever it is.
    ours = {"PYTHON": sys.executable, "TEMPORAL_CLI": str(Path(sys.executable).parent / "temporal")}
    done = subprocess.run(
        [SCRIPTS / f"{script}.sh", *arguments],
        env={**os.environ, **ours, **(settings or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        asked = " ".join([script, *map(str, arguments)])
        raise ServerFailed(f"{asked}: code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
