"""The bounded way into the engine: writers wait while it is full, the engine takes in bulk."""

import asyncio
from collections import deque

from orchestrator_dynamic.runtime.letters import (
    Answers,
    Demand,
    EngineStopped,
    Letter,
    Milestone,
    Submission,
    fail,
)


class Mailbox:
    """Letters in the order of their arrival.

    A letter that can wait (a hand-over, which only confirms) is kept for `patience_s` so that it
    shares a commit with what follows; it always comes before letters that arrived after it.
    """

    def __init__(self, capacity: int, patience_s: float) -> None:
        self._capacity = capacity
        self._patience_s = patience_s
        self._letters: deque[Letter] = deque()
        self._writers: deque[asyncio.Future[None]] = deque()
        self._bell = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")
        self._patient = False
        self._closed: EngineStopped | None = None

    def __len__(self) -> int:
        """How many letters are waiting."""
        return len(self._letters)

    async def put(self, letter: Letter) -> None:
        """Hand in `letter`, waiting while the mailbox is full.

        Raises:
            EngineStopped: nobody takes letters any more; nothing becomes of this one.
        """
        if self._closed is not None:
            raise self._closed
        while len(self._letters) >= self._capacity:
            room = asyncio.get_running_loop().create_future()
            self._writers.append(room)
            await room
        self._letters.append(letter)
        self._bell.set()

    def close(self, why: EngineStopped) -> None:
        """Take no more letters, and tell whoever waits for an answer to one that none will come."""
        self._closed = why
        for letter in self._letters:
            match letter:
                case Submission() | Demand():
                    fail(letter.answer, why)
                case Milestone():
                    fail(letter.reached, why)
                case Answers():
                    fail(letter.fates, why)
                case _:
                    pass  # Nobody waits for what becomes of it.
        for writer in self._writers:
            fail(writer, why)

    def put_patiently(self, letter: Letter) -> None:
        """Hand in a letter that can wait a moment; there are never more than tickets in flight."""
        self._letters.append(letter)
        self.ring_soon()

    def ring_soon(self) -> None:
        """Wake the engine up once patience is at its end, if nothing does so before."""
        if not self._patient:
            self._patient = True
            self.ring_in(self._patience_s)

    def ring(self) -> None:
        """Wake the engine up, letters or not."""
        self._bell.set()

    def ring_in(self, seconds: float) -> None:
        """Wake the engine up after `seconds`, if nothing does so before."""
        loop = asyncio.get_running_loop()
        moment = loop.time() + max(0.0, seconds)
        if moment < self._alarm_at:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm_at = moment
            self._alarm = loop.call_at(moment, self._rung)

    def _rung(self) -> None:
        self._alarm, self._alarm_at = None, float("inf")
        self._bell.set()

    async def wait(self) -> None:
        """Return when the bell has rung since the last call."""
        await self._bell.wait()
        self._bell.clear()

    def take(self, most: int) -> list[Letter]:
        """Return up to `most` letters, oldest first, and let those in who waited for room."""
        letters, self._patient = self._letters, False
        if len(letters) <= most:
            taken = list(letters)
            letters.clear()
        else:
            taken = [letters.popleft() for _ in range(most)]
            self._bell.set()
        room = self._capacity - len(letters)
        while self._writers and room > 0:
            writer = self._writers.popleft()
            if not writer.done():
                writer.set_result(None)
                room -= 1
        return taken
