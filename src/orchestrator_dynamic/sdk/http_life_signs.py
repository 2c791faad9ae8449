"""Signs of life for everything that a worker has on lease, and the verdicts that come back."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice

import orjson

from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk.http_attempts import Attempt, AttemptsOnLease
from orchestrator_dynamic.sdk.http_backoff import Backoff
from orchestrator_dynamic.sdk.http_connection import ServerUnavailable, WorkerClient

BATCH_MAX = 1_000
# How far the work has come is told once a second at most.
PROGRESS_S = 1.0
# A line for people; the orchestrator keeps no more of it.
PROGRESS_LENGTH_MAX = 500


class LifeSigns:
    """Sends signs of life. Run it with `run`."""

    def __init__(
        self,
        client: WorkerClient,
        attempts: AttemptsOnLease,
        lease_s: int,
        on_word: Callable[[], None],
    ) -> None:
        """Begin with nothing to tell.

        Args:
            on_word: is called when there is word of what is in hand.
        """
        self._on_word = on_word
        self._client = client
        self._attempts = attempts
        self._lease_s = lease_s
        self._progress = asyncio.Event()

    def tell(self, attempt: Attempt, progress: str) -> None:
        """Tell soon how far `attempt` has come; a later word replaces an earlier one."""
        line = progress[:PROGRESS_LENGTH_MAX]
        attempt.progress = line.encode(errors="replace").decode()
        self._progress.set()

    async def run(self) -> None:
        """Extend what is in hand three times in each lease, until cancelled.

        Raises:
            Misconfigured: the orchestrator refuses us for good.
        """
        backoff, loop = Backoff(), asyncio.get_running_loop()
        all_due = loop.time() + self._lease_s / 3
        while True:
            try:
                async with asyncio.timeout_at(all_due):
                    await asyncio.sleep(PROGRESS_S)
                    await self._progress.wait()
            except TimeoutError:
                pass
            self._progress.clear()
            everything = loop.time() >= all_due
            try:
                await self._tell(one for one in self._attempts if everything or one.progress)
            except ServerUnavailable as error:
                await backoff.wait("%d signs of life wait: %s", len(self._attempts), error)
                all_due = loop.time()
                continue
            backoff.over()
            if everything:
                all_due = loop.time() + self._lease_s / 3

    async def _tell(self, attempts: Iterable[Attempt]) -> None:
        rest = iter(attempts)
        while batch := list(islice(rest, BATCH_MAX)):
            told = [(one, one.progress) for one in batch]
            beats = [
                {"ticket_id": one.ticket.ticket_id, "attempt": one.number, "progress": progress}
                for one, progress in told
            ]
            lent_until = asyncio.get_running_loop().time() + self._lease_s
            answer = await self._client.ask(
                "heartbeat", {"tickets": beats, "lease_s": self._lease_s}
            )
            for one, progress in told:
                if one.progress is progress:
                    one.progress = None
            if unbegun := self._hear(answer, lent_until):
                await self._client.ask("return", {"tickets": unbegun})

    def _hear(self, answer: bytes, lent_until: float) -> list[dict[str, object]]:
        """Pass verdicts on, and return what was cancelled before it was begun."""
        unbegun: list[dict[str, object]] = []
        for sign in orjson.loads(answer)["tickets"]:
            attempt = self._attempts.find(sign["ticket_id"], sign["attempt"])
            verdict = HeartbeatVerdict(sign["verdict"])
            if attempt is None:
                continue
            if verdict is HeartbeatVerdict.GO_ON:
                attempt.lent_until = lent_until
                continue
            attempt.stop(verdict)
            if attempt.begun_at is None or verdict is HeartbeatVerdict.SUPERSEDED:
                self._attempts.over(attempt)
                if verdict is HeartbeatVerdict.CANCELLED:
                    unbegun.append({"ticket_id": sign["ticket_id"], "attempt": sign["attempt"]})
        self._on_word()
        return unbegun
