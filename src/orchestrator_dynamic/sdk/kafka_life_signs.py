"""Signs of life of attempts that run: few enough to cost nothing, often enough to be believed."""

import asyncio

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.sdk.kafka_answers import Signature, sign_of_life
from orchestrator_dynamic.sdk.kafka_attempts import Attempt, AttemptBook
from orchestrator_dynamic.sdk.kafka_results import ResultSender

# A sign of life that nobody asked for costs a message a ticket, twice the traffic where tickets
# are quick. It tells nothing that an answer within the same second would not tell.
UNASKED_AFTER_S = 1.0
INTERVAL_S = 1.0
_TICK_S = 0.25


class LifeSigns:
    """Sends them. Run it with `run`."""

    def __init__(self, book: AttemptBook, sender: ResultSender, signature: Signature) -> None:
        self._book = book
        self._sender = sender
        self._signature = signature

    def give(self, attempt: Attempt, beat: ExecutionResult) -> None:
        """Send the attempt's first `beat` at once, and from then on the latest once a second."""
        attempt.held_beat = beat
        self._send_if_due(attempt, asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Send what was held back, and a first one for those who say nothing; until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK_S)
            for attempt in self._book.running():
                self._send_if_due(attempt, loop.time())

    def _send_if_due(self, attempt: Attempt, now: float) -> None:
        if self._sender.full:
            return  # Answers need the room; a sign of life can be given later.
        held = attempt.held_beat
        if attempt.beat_at is None:
            if held is None and now - attempt.begun_at < UNASKED_AFTER_S:
                return
        elif held is None or now - attempt.beat_at < INTERVAL_S:
            return
        letter = self._signature.alive(attempt) if held is None else sign_of_life(held, attempt)
        attempt.held_beat, attempt.beat_at = None, now
        self._sender.put_at_once(letter)
