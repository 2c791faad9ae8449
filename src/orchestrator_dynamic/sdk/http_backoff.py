"""Waiting while the orchestrator is away: longer each time, and not all workers at once."""

import asyncio
import logging
import random

FIRST_S, MAX_S = 0.05, 5.0

log = logging.getLogger(__name__)


class Backoff:
    """One wait after the other, until what was tried has worked."""

    def __init__(self) -> None:
        self._tried = 0

    async def wait(self, told: str, *about: object) -> None:
        """Wait before the next try; the first time says in the log what waits, and why."""
        log.log(logging.DEBUG if self._tried else logging.WARNING, told, *about)
        longest = min(MAX_S, FIRST_S * 2.0**self._tried)
        self._tried = min(self._tried + 1, 20)
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))

    def over(self) -> None:
        """Note that it has worked."""
        self._tried = 0
