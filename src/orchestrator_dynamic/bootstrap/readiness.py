"""Whether this process can take work now, and for each part why not."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from orchestrator_dynamic.bootstrap.probes import identity_checks, probes
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.probing import Check, Verdict, ok, problem, warning

# An engine answers within milliseconds, unless it takes in a very large plan.
_ENGINE_PATIENCE_S = 5.0

# A probe writes and reads back: often enough to notice, seldom enough to be no load.
_PROBED_FOR_S = 10.0
_PROBE_PATIENCE_S = 8.0

_SEE_DOCTOR = "`orq doctor` says why"

# A commit needs little, but the log of a busy file grows by some megabytes between checkpoints.
_ROOM_MIN_BYTES = 64 * 1024 * 1024


class Readiness:
    """Looks at the engine and the disk each time, at servers at most every ten seconds."""

    def __init__(self, settings: Settings, engine_turns: Callable[[], Awaitable[None]]) -> None:
        """Begin with no server known.

        Args:
            engine_turns: returns once the engine has taken a turn.
        """
        self._settings = settings
        self._engine_turns = engine_turns
        self._probed: tuple[float, Sequence[Check]] | None = None
        self._probing = asyncio.Lock()

    async def checks(self) -> Sequence[Check]:
        """Return what was found; a problem means that no work can be taken."""
        here = [await self._engine()]
        if self._keeps_files:
            here.append(await asyncio.to_thread(_room, self._settings.data_dir))
        return [*here, *await self._servers()]

    @property
    def _keeps_files(self) -> bool:
        """Whether anything is kept in the data directory: not where servers keep everything."""
        return self._settings.temporal.host is None or self._settings.mongodb.uri is None

    async def _engine(self) -> Check:
        try:
            async with asyncio.timeout(_ENGINE_PATIENCE_S):
                await self._engine_turns()
        except TimeoutError:
            finding = f"it took no turn within {_ENGINE_PATIENCE_S:g} s"
            return problem("engine", finding, "wait; where it stays so, restart it and see its log")
        return ok("engine", "it takes turns")

    async def _servers(self) -> Sequence[Check]:
        async with self._probing:
            now = time.monotonic()
            if self._probed is None or now - self._probed[0] > _PROBED_FOR_S:
                found, who = await asyncio.gather(self._probe(), self._identity())
                self._probed = (now, [*found, *who])
            return self._probed[1]

    async def _probe(self) -> Sequence[Check]:
        found: list[Check] = []
        try:
            async with asyncio.timeout(_PROBE_PATIENCE_S):
                async for checks in probes(self._settings):
                    found += checks
        except TimeoutError:
            finding = f"not all of them answered within {_PROBE_PATIENCE_S:g} s"
            found.append(problem("servers", finding, "`orq doctor` tries one after the other"))
        return found

    async def _identity(self) -> Sequence[Check]:
        """Look at who says who asks: what was known of them is used on, so that work can be taken.

        Everybody may ask whether a service is ready, and a complaint about the file of tokens may
        repeat what stands there in the wrong place.
        """
        return [
            check
            if check.verdict is Verdict.OK
            else warning(check.name, "it is not well; what was known is used on", _SEE_DOCTOR)
            for check in await identity_checks(self._settings)
        ]


def _room(directory: Path) -> Check:
    try:
        free = shutil.disk_usage(directory).free
    except OSError as error:
        finding = f"{directory} cannot be looked at: {error.strerror}"
        return problem("data directory", finding, "see that its disk is there")
    if free < _ROOM_MIN_BYTES:
        return problem("data directory", f"{free:,} bytes are free", "make room on its disk")
    return ok("data directory", f"{free:,} bytes are free")
