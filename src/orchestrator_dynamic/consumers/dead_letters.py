"""Putting records aside, within a bound, so that no mistake makes a topic one of dead letters.

A sender that has changed its format, or a wrong schema registry, makes poison of every message.
Beyond the bound intake stops: what is on the topic stays there, where it can be read again once
somebody has mended the cause. As older dead letters leave the window new ones are let through, so
that a topic with a share of poison goes on by itself, at the pace of the bound; one where all is
poison loses no more than that. A restart begins with an empty window.
Source: rules, "Self-defence".
"""

import time
from collections import deque
from collections.abc import Callable

from orchestrator_dynamic.consumers.reading import incoming
from orchestrator_dynamic.errors import InvalidInput, Unavailable
from orchestrator_dynamic.ports.orchestrator import Orchestrator
from orchestrator_dynamic.ports.record_source import Record


class TooManyDeadLetters(Unavailable):
    """Intake of a topic has stopped until there are fewer; nothing was taken."""


class DeadLetters:
    """Where the records of one topic go that cannot be used.

    Attributes:
        to: the topic for them; None where they are only kept.
    """

    def __init__(
        self,
        orchestrator: Orchestrator,
        topic: str,
        *,
        to: str | None,
        letters_max: int = 100,
        window_s: float = 60.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with none.

        Args:
            letters_max: in any stretch of `window_s`.
            now: seconds that only rise.
        """
        self.to = to
        self._orchestrator = orchestrator
        self._topic = topic
        self._letters_max = letters_max
        self._window_s = window_s
        self._now = now
        self._noted: deque[float] = deque()

    def room(self) -> int:
        """Return how many more there may be now; at least one.

        Raises:
            TooManyDeadLetters: there is no room.
        """
        since = self._now() - self._window_s
        while self._noted and self._noted[0] <= since:
            self._noted.popleft()
        room = self._letters_max - len(self._noted)
        if room > 0:
            return room
        told = f"{len(self._noted)} dead letters from {self._topic} within {self._window_s:g} s"
        raise TooManyDeadLetters(f"{told}; look at their reasons and mend the sender")

    def note(self) -> None:
        """Count one that somebody else has put aside."""
        self._noted.append(self._now())

    async def put(self, record: Record, why: InvalidInput) -> None:
        """Return once `record` is a dead letter.

        Raises:
            TooManyDeadLetters: there is no room.
            Unavailable: try again.
        """
        self.room()
        await self._orchestrator.put_aside(incoming(record, None, self.to), why)
        self.note()
