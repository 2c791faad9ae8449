"""Answers on their way to the orchestrator: many in one request, again until it has them."""

import asyncio
import logging
from collections import Counter, deque

import orjson

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.sdk.http_backoff import Backoff
from orchestrator_dynamic.sdk.http_connection import BodyRefused, ServerUnavailable, WorkerClient

BATCH_MAX = 1_000
# One request carries at least one answer, whatever its size.
BATCH_BYTES_MAX = 4 * 1024 * 1024
# An answer waits so long for others to go with it: longer than a quick handler takes.
LINGER_S = 0.002

log = logging.getLogger(__name__)


class ResultSender:
    """Sends answers in order. Run it with `run`.

    Attributes:
        tally: how many answers there were of each fate.
    """

    def __init__(self, client: WorkerClient, answers_max: int) -> None:
        """Begin with nothing to send.

        Args:
            answers_max: whoever brings more waits, as long as the orchestrator is away.
        """
        self._client = client
        self._answers_max = answers_max
        self._waiting: deque[bytes] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self.tally: Counter[str] = Counter()

    async def put(self, result: ExecutionResult, attempt: int) -> None:
        """Take responsibility for `result`, waiting while there is no room."""
        encoded = orjson.dumps(written(result, attempt))
        while len(self._waiting) >= self._answers_max:
            self._room.clear()
            await self._room.wait()
        self._waiting.append(encoded)
        self._at_rest.clear()
        self._some.set()

    async def all_sent(self) -> None:
        """Return when nothing waits to be sent."""
        await self._at_rest.wait()

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            Misconfigured: the orchestrator refuses us for good.
        """
        while True:
            await self._some.wait()
            if len(self._waiting) < BATCH_MAX:
                await asyncio.sleep(LINGER_S)
            batch = self._next()
            await self._sent(batch)
            for _ in batch:
                self._waiting.popleft()
            self._room.set()
            if not self._waiting:
                self._some.clear()
                self._at_rest.set()

    def _next(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        for encoded in self._waiting:
            size += len(encoded)
            if batch and (len(batch) >= BATCH_MAX or size > BATCH_BYTES_MAX):
                break
            batch.append(encoded)
        return batch

    async def _sent(self, batch: list[bytes]) -> None:
        """Return once the orchestrator has all of `batch`; what comes twice counts once."""
        backoff = Backoff()
        while True:
            body = b'{"results":[' + b",".join(batch) + b"]}"
            try:
                answer = await self._client.ask("report", body)
            except ServerUnavailable as error:
                await backoff.wait("%d answers wait: %s", len(batch), error)
            except BodyRefused as error:
                if len(batch) > 1:
                    half = len(batch) // 2
                    await self._sent(batch[:half])
                    batch = batch[half:]
                    continue
                log.warning("an answer is refused, its ticket fails: %s", error)
                batch = [_refused(batch[0], str(error))]
            else:
                fates = orjson.loads(answer)["results"]
                self.tally.update(one["fate"] for one in fates)
                return


def written(result: ExecutionResult, attempt: int) -> dict[str, object]:
    """Return an answer as the protocol has it."""
    payload = result.result
    metadata = {name: text for name, text in payload.metadata.items() if name != "attempt"}
    status = result.status.value
    if result.status in (ExecutionStatus.CANCELLED, ExecutionStatus.PREEMPTED):
        # The protocol has three words only; nobody shall try what was cancelled again.
        status, metadata = ExecutionStatus.FAILED.value, {**metadata, "status": status}
        if result.status is ExecutionStatus.CANCELLED:
            metadata["retryable"] = "false"
    return {
        "ticket_id": result.ticket_id,
        "attempt": attempt,
        "status": status,
        "output": payload.output,
        "metadata": metadata,
        "logs": payload.logs,
        "error_message": result.error_message,
        "actual_duration_ms": result.actual_duration_ms,
    }


def _refused(encoded: bytes, why: str) -> bytes:
    told = orjson.loads(encoded)
    return orjson.dumps(
        {
            "ticket_id": told["ticket_id"],
            "attempt": told["attempt"],
            "status": ExecutionStatus.FAILED.value,
            "metadata": {"retryable": "false"},
            "error_message": f"its result is not taken: {why}",
        }
    )
