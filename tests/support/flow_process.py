"""Our own commands as processes: started, killed, started again; what they said is kept."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.command_line import ROOT, environment
from tests.support.temporal_server import remember

_COMMAND = "from orchestrator_dynamic.cli.main import main; main()"
_LOOK_S = 0.05
PATIENCE_S = 60
_LOG_SHOWN = 6_000


class OurProcess:
    """One command, which may be started again after it has ended."""

    def __init__(self, name: str, arguments: tuple[str, ...], env: dict[str, str], at: Path):
        self.name = name
        self.log = at / f"{name}.log"
        self._arguments = arguments
        self._env = env
        self._at = at
        self._process: asyncio.subprocess.Process | None = None
        self._begun = 0

    @property
    def code(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.returncode if self._process is not None else None

    async def start(self) -> None:
        """Start it; it may not be ready yet."""
        self._begun = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("nice", "-n", "2", sys.executable, "-c", _COMMAND, *self._arguments),
                cwd=self._at,
                env=self._env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        remember(self._at, self._process.pid)

    async def until_said(self, words: str, patience_s: float = PATIENCE_S) -> None:
        """Return once it has said `words` since its last start."""
        async with asyncio.timeout(patience_s):
            while words not in self.said():
                if self.code is not None:
                    raise AssertionError(f"{self.name} ended with {self.code}\n{self.tail()}")
                await asyncio.sleep(_LOOK_S)

    def said(self) -> str:
        """Return what it has said since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._begun)
            return log.read().decode(errors="replace")

    def tail(self) -> str:
        """Return the end of all that it has said."""
        return self.log.read_text(errors="replace")[-_LOG_SHOWN:] if self.log.exists() else ""

    async def kill(self) -> None:
        """End it at once."""
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
        await self.ended()

    async def stop(self) -> int:
        """Ask it to end, and return its code."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        """Return its code once it has ended."""
        if self._process is None:
            return 0
        async with asyncio.timeout(PATIENCE_S):
            return await self._process.wait()


class Processes:
    """The processes of a world; `open_processes` ends them all, and shows their logs on failure."""

    def __init__(self, at: Path, settings: Mapping[str, str]) -> None:
        self._at = at
        self._settings = dict(settings)
        self.all: list[OurProcess] = []

    async def start(self, name: str, *arguments: str, **settings: str) -> OurProcess:
        """Start `orq` with `arguments`; `settings` are added to those of the world."""
        paths = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        env = environment({**self._settings, **paths, **settings})
        process = OurProcess(name, arguments, env, self._at)
        self.all.append(process)
        await process.start()
        return process


@asynccontextmanager
async def open_processes(at: Path, settings: Mapping[str, str]) -> AsyncIterator[Processes]:
    """Run commands in `at` until the block ends; none of them survives it."""
    processes = Processes(at, settings)
    try:
        yield processes
    except BaseException:
        for one in processes.all:
            print(f"--- {one.name}, code {one.code}\n{one.tail()}")  # noqa: T201 - a failure's story.
        raise
    finally:
        for one in processes.all:
            await one.kill()
