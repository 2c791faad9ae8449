"""What benchmarks on servers share: settings, names of their own there, and our processes."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time

from orchestrator_dynamic.bootstrap.floors import with_names_of_its_own
from orchestrator_dynamic.cli.bench_servers import names_in_environment, new_name
from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.observability.logging import configure_logging

ENV_FILE = Path(".env")

_READY_S = 60.0
_STOP_S = 30.0


def needed(*names: str, directory: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in force, with names of their own on the servers.

    Ends the program where one of the settings `names` is missing.
    """
    env_file = ENV_FILE if ENV_FILE.is_file() else None
    told = {"DATA_DIR": str(directory), "LOG_LEVEL": "ERROR"}
    settings = load_settings(os.environ if environ is None else environ, env_file, told)
    configure_logging("ERROR", "json")
    given = {row.name for row in settings.table() if row.value}
    if missing := [name for name in names if name not in given]:
        have = "`make services` starts servers here and writes them into .env"
        sys.exit(f"this benchmark needs {', '.join(missing)}; {have}")
    return with_names_of_its_own(settings, new_name())


@dataclass(frozen=True, slots=True)
class Ours:
    """A process of ours that runs."""

    process: asyncio.subprocess.Process
    log: Path
    began: float

    def cpu_s(self) -> float:
        """Return the seconds of processor that it has had; 0 where the system does not tell."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def events(self) -> list[dict[str, object]]:
        """Return what it has logged so far."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    async def says(self, words: str) -> None:
        """Return once it has said `words`.

        Raises:
            RuntimeError: it has ended, or has not said so in time; with what it said instead.
        """
        try:
            async with asyncio.timeout(_READY_S):
                while words not in self.log.read_text(errors="replace"):
                    if self.process.returncode is not None:
                        raise TimeoutError
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise RuntimeError(f"{words!r} was not said: {self.log.read_text()}") from error


async def started(settings: Settings, arguments: list[str], log: Path, **more: str) -> Ours:
    """Start `orq` with `arguments` on what `settings` name."""
    environ = {**os.environ, **names_in_environment(settings), **more}
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "orchestrator_dynamic.cli", *arguments),
            env={"LOG_FORMAT": "json", "LOG_LEVEL": "ERROR", **environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    return Ours(process, log, time())


@asynccontextmanager
async def running(
    settings: Settings, arguments: list[str], log: Path, says: str, **more: str
) -> AsyncIterator[Ours]:
    """Have `orq` with `arguments` run, from the moment at which it `says` so."""
    ours = await started(settings, arguments, log, **more)
    try:
        await ours.says(says)
        yield ours
        if ours.process.returncode is None:
            ours.process.terminate()
        async with asyncio.timeout(_STOP_S):
            await ours.process.wait()
    finally:
        await killed(ours)


async def killed(ours: Ours) -> None:
    """End it at once."""
    if ours.process.returncode is None:
        ours.process.kill()
    await ours.process.wait()
