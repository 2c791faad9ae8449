"""Keys by which a client names a submission, so that it may send it again without a thought.

A key is remembered by this process, for a day at most. After a restart, and in another process, a
repeated submission is known by its decision's id and content all the same, as one from a topic is:
it starts nothing twice. What is lost with the key is the complaint about another body under it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

from orchestrator_dynamic.api.problems import Problem

KEYS_MAX = 10_000
KEPT_S = 86_400.0


class IdempotencyKeys:
    """The bodies that were sent under each key, by subject; the oldest are forgotten first."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._known: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()

    def claim(self, subject: str, key: str | None, body: bytes) -> bool:
        """Let a key stand for a body from now on; return whether it did not before.

        Raises:
            Problem: `idempotency_key_reused`, where it stands for another one.
        """
        if key is None:
            return False
        self._forget()
        digest = sha256(body).digest()
        known = self._known.get((subject, key))
        if known is None:
            self._known[(subject, key)] = (self._now_s(), digest)
            while len(self._known) > KEYS_MAX:
                self._known.popitem(last=False)
        elif known[1] != digest:
            raise Problem("idempotency_key_reused", "the key was used for another body before")
        return known is None

    def release(self, subject: str, key: str | None) -> None:
        """Let a key stand for nothing again, since nothing came of its submission."""
        if key is not None:
            self._known.pop((subject, key), None)

    def _forget(self) -> None:
        oldest = self._now_s() - KEPT_S
        while self._known and next(iter(self._known.values()))[0] < oldest:
            self._known.popitem(last=False)
