"""The issuer's keys in memory, so that neither a request nor an outage of the issuer waits for it.

A request waits for the issuer only where it shows a key that is not known. All else is done beside
the requests: keys that are ten minutes old are asked for again while they are used, and go on
being used for an hour while the issuer is away. Whoever sends tokens with invented keys makes us
ask the issuer once in ten seconds, and no more.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from orchestrator_dynamic.adapters.oidc.issuer import IssuerMisconfigured, IssuerUnavailable
from orchestrator_dynamic.adapters.oidc.verification_keys import VerificationKey, key_for

log = logging.getLogger(__name__)

# A key that the issuer has withdrawn is refused after this time.
FRESH_S = 600.0
# An outage that lasts longer than this is one in which the issuer cannot withdraw keys either.
USABLE_S = 3_600.0
ASK_AGAIN_S = 10.0

AskForKeys = Callable[[], Awaitable[tuple[VerificationKey, ...]]]


class KeyCache:
    """Knows the issuer's keys; `opened` makes one."""

    def __init__(
        self,
        known: tuple[VerificationKey, ...],
        ask: AskForKeys,
        tasks: asyncio.TaskGroup,
        steady: Callable[[], float],
    ) -> None:
        self._keys = known
        self._known_at = self._asked_at = steady() if known else float("-inf")
        self._ask = ask
        self._tasks = tasks
        self._steady = steady
        self._failure: IssuerUnavailable | IssuerMisconfigured | None = None
        self._asking: asyncio.Task[None] | None = None

    async def key_for(self, kid: str | None, algorithm: str) -> VerificationKey | None:
        """Return the key of this name, or None where the issuer has no such key.

        Raises:
            IssuerUnavailable: the issuer does not answer, and the key is not known from before.
        """
        age = self._steady() - self._known_at
        known = key_for(self._keys, kid, algorithm) if age < USABLE_S else None
        if age >= FRESH_S or known is None:
            self._ask_beside()
        if known is not None:
            return known
        await self._answered()
        if self._failure is not None:
            # The failure itself is for the log: whoever shows a token may be anybody.
            raise IssuerUnavailable("the issuer is away, so that its keys cannot be looked up")
        return key_for(self._keys, kid, algorithm)

    def _ask_beside(self) -> None:
        """Begin to ask, unless somebody does so or did a moment ago."""
        if self._asking is None and self._steady() - self._asked_at >= ASK_AGAIN_S:
            self._asked_at = self._steady()
            self._asking = self._tasks.create_task(self._ask_and_keep())

    async def _answered(self) -> None:
        """Wait for the answer to what is being asked; whoever stops waiting stops nobody else."""
        if self._asking is not None:
            await asyncio.shield(self._asking)

    async def _ask_and_keep(self) -> None:
        try:
            self._keys = await self._ask()
        except (IssuerUnavailable, IssuerMisconfigured) as error:
            if self._failure is None:
                log.warning("the issuer does not tell its keys, and is asked again: %s", error)
            self._failure = error
        else:
            if self._failure is not None:
                log.warning("the issuer tells its keys again")
            self._failure, self._known_at = None, self._steady()
        finally:
            self._asking = None

    def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()


@asynccontextmanager
async def opened(
    known: tuple[VerificationKey, ...],
    ask: AskForKeys,
    steady: Callable[[], float] = time.monotonic,
) -> AsyncIterator[KeyCache]:
    """Give a cache, which asks beside those who use it as long as the context is open.

    Args:
        known: what the issuer has said now; empty where it was away.
        ask: has its own deadline.
        steady: seconds that only rise.
    """
    async with asyncio.TaskGroup() as tasks:
        cache = KeyCache(known, ask, tasks, steady)
        try:
            yield cache
        finally:
            cache.stop()
