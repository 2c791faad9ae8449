"""The end of a stream that several watch: what was told last, encoded once for all of them."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.runtime.news import News

# Some seconds of beats: whoever reads more slowly is told to fetch everything again.
CHUNKS_MAX = 50


class Chunk(NamedTuple):
    """What was told in one beat; `seq` is the place in the journal that it reaches."""

    serial: int
    seq: int
    text: bytes
    ended: bool


class Tail:
    """The last chunks of a stream, and a bell that rings with each; `ended` after the very last."""

    def __init__(self) -> None:
        self.serial = 0
        self.ended = False
        self.watchers = 0
        self._chunks: deque[Chunk] = deque(maxlen=CHUNKS_MAX)
        self._bell = asyncio.Event()

    def tell(self, seq: int, text: bytes, *, ended: bool = False) -> None:
        """Add a chunk, and wake whoever waits for one."""
        self.serial += 1
        self.ended |= ended
        self._chunks.append(Chunk(self.serial, seq, text, ended))
        self.ring()

    def ring(self) -> None:
        """Wake whoever waits."""
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def after(self, serial: int) -> Sequence[Chunk] | None:
        """Return the chunks after `serial`, oldest first; None where some of them are gone."""
        missing = self.serial - serial
        if missing > len(self._chunks):
            return None
        return [self._chunks[place] for place in range(-missing, 0)]

    async def next_bell(self, patience_s: float) -> bool:
        """Wait for a chunk, and return whether there is one; False after `patience_s`."""
        try:
            async with asyncio.timeout(patience_s):
                await self._bell.wait()
        except TimeoutError:
            return False
        return True


@dataclass(slots=True)
class Place:
    """Where somebody who watches has come to."""

    serial: int
    seq: int


class PlanTail(Tail):
    """The end of one plan's stream.

    Attributes:
        seq: the fact up to which it was told; None until it is known where it begins.
    """

    def __init__(self, workflow_id: WorkflowId) -> None:
        super().__init__()
        self.workflow_id = workflow_id
        self.seq: int | None = None
        self.news = News(0)
        self.progress: dict[int, str] = {}

    def begin(self, seq: int) -> None:
        """Tell what comes after the fact `seq`; what was gathered before goes no further back."""
        if self.seq is not None:
            return
        self.seq = seq
        self.news.seq = max(self.news.seq, seq)
        self.news.entries = [entry for entry in self.news.entries if entry.seq > seq]

    def take_news(self) -> News | None:
        """Return what is to be told now; None where there is nothing, or it has not begun."""
        news = self.news
        if self.seq is None or not (news.entries or news.rows or news.workflow or news.reload):
            return None
        self.news, self.seq = News(news.seq), news.seq
        return news
