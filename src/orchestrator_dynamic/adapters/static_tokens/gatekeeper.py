"""Who shows a token of ours."""

import asyncio
import hmac
import logging
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator_dynamic.adapters.static_tokens import file
from orchestrator_dynamic.adapters.static_tokens.entries import TokenEntry, TokensFileInvalid
from orchestrator_dynamic.adapters.static_tokens.token_text import has_form, hash_of
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.identity import Identity, Principal, Unauthenticated

log = logging.getLogger(__name__)

# A token that has been revoked is refused after this time at the latest.
LOOK_EVERY_S = 1.0


class StaticTokens:
    """A `Gatekeeper` over a file of hashed tokens, which is read again when it has changed.

    A version of the file that cannot be used, or its absence, changes nothing but the log: who
    was let in still is.

    Args:
        steady: seconds that only rise.

    Raises:
        TokensFileInvalid: the file cannot be used; with every complaint at once.
    """

    def __init__(
        self, path: Path, clock: Clock, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._clock = clock
        self._steady = steady
        self._entries: tuple[TokenEntry, ...] = ()
        self._mark: file.Mark | None = None
        self._look_at = steady() + LOOK_EVERY_S
        self._reading = False
        self._take(file.read(path))
        if not self._entries:
            log.warning("%s holds no token, so that it lets nobody in", path)

    async def principal_of(self, bearer: str | None) -> Principal:
        """As the port says."""
        await self._look_again()
        if bearer is None:
            raise Unauthenticated("a bearer token is needed")
        entry = self._entry_of(bearer) if has_form(bearer) else None
        if entry is None:
            raise Unauthenticated("the token is not known")
        if entry.expired(self._clock.now_ms()):
            raise Unauthenticated("the token has expired")
        return Principal(entry.subject, entry.scopes, Identity.TOKEN)

    def _entry_of(self, token: str) -> TokenEntry | None:
        """Compare with every entry to the end, so that the time taken says nothing about any."""
        shown, found = hash_of(token), None
        for entry in self._entries:
            if hmac.compare_digest(shown, entry.sha256):
                found = entry
        return found

    async def _look_again(self) -> None:
        if self._reading or self._steady() < self._look_at:
            return
        self._reading = True
        try:
            mark = file.mark_of(self._path)
            if mark != self._mark:
                await self._read_again(mark)
        finally:
            self._reading = False
            self._look_at = self._steady() + LOOK_EVERY_S

    async def _read_again(self, mark: file.Mark | None) -> None:
        try:
            # A large file takes some tens of milliseconds, for which nobody else shall wait.
            self._take(await asyncio.to_thread(file.read, self._path))
        except TokensFileInvalid as error:
            self._mark = mark
            complaints = str(error).splitlines()
        else:
            count = len(self._entries)
            log.warning("%s has changed; the number of its tokens is %d now", self._path, count)
            return
        for complaint in complaints:
            log.error("the tokens stay as they were: %s", complaint)

    def _take(self, reading: file.Reading) -> None:
        self._entries, self._mark = reading.entries, reading.mark
        if reading.open_to:
            log.warning("%s can be read by %s; chmod 600 it", self._path, reading.open_to)
