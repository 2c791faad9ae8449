"""Answers onto the results topic: in order, acknowledged by all replicas, for as long as it takes.

What was handed in stays in `_letters` until the broker has acknowledged it. The library repeats by
itself while brokers are away; where its producer breaks, a new one sends again what is not
acknowledged. A repeated answer changes nothing at the orchestrator.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka import errors as kafka

from orchestrator_dynamic.errors import InvariantViolation, Unavailable
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.execution_result import ExecutionResult, ExecutionResultPayload
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.sdk.kafka_attempts import Attempt
from orchestrator_dynamic.sdk.kafka_connection import (
    TROUBLE,
    KafkaConnection,
    stop_producer,
)
from orchestrator_dynamic.sdk.kafka_diagnosis import refuse_at_the_door

# The library gives a message up to wait for room in its own buffer; ours decides after it.
REQUEST_TIMEOUT_MS = 15_000
SEND_DEADLINE_S = 20.0
STOP_DEADLINE_S = 2.0
_WAIT_FIRST_S, _WAIT_MAX_S = 0.2, 5.0

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """Writes messages; see `wire.message_codec.MessageCodec`."""

    async def encode(self, message: Message, topic: str) -> bytes:
        """Return the value of `message` for `topic`."""
        ...


@dataclass(slots=True, eq=False)
class Letter:
    """An answer or a sign of life on its way; `attempt` is what an answer brings to its end."""

    result: ExecutionResult
    headers: list[tuple[str, bytes]]
    attempt: Attempt | None = None


class ResultSender:
    """Sends results. Run it with `run`.

    Args:
        capacity: how many letters it holds before `put` waits.
        on_acknowledged: told of each answer that cannot be lost any more.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        codec: Encoder,
        capacity: int,
        on_acknowledged: Callable[[Attempt], None],
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._codec = codec
        self._capacity = capacity
        self._on_acknowledged = on_acknowledged
        self._waiting: deque[Letter] = deque()
        self._unacknowledged: dict[Letter, None] = {}
        self._producer: Any = None
        self._broken: BaseException | None = None
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._empty = asyncio.Event()
        self._room.set()
        self._empty.set()
        self.trouble: BaseException | None = None
        self.started = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether `put` would wait."""
        return len(self._waiting) + len(self._unacknowledged) >= self._capacity

    async def put(self, letter: Letter) -> None:
        """Take `letter` over, waiting for room."""
        while self.full:
            self._room.clear()
            await self._room.wait()
        self.put_at_once(letter)

    def put_at_once(self, letter: Letter) -> None:
        """Take `letter` over, room or not."""
        self._waiting.append(letter)
        self._empty.clear()
        self._work.set()

    async def all_acknowledged(self) -> None:
        """Wait until nothing is under way."""
        await self._empty.wait()

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            BrokerRefused: no answer will ever be taken.
            Misconfigured: the registry refuses us.
        """
        wait_s = _WAIT_FIRST_S
        while True:
            producer = self._new_producer()
            try:
                async with asyncio.timeout(SEND_DEADLINE_S):
                    await producer.start()
                self.started.set()
                wait_s = _WAIT_FIRST_S
                await self._send_all(producer)
            except TROUBLE as error:
                self.trouble = error
                doing = f"sending results to {self._topic}, {self._connection}"
                await refuse_at_the_door(self._connection, error, doing)
                log.warning("sending to %s stopped, trying again: %r", self._topic, error)
            finally:
                await stop_producer(producer, STOP_DEADLINE_S)
            self._waiting.extendleft(reversed(self._unacknowledged))
            self._unacknowledged.clear()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _WAIT_MAX_S)

    def _new_producer(self) -> Any:
        self._broken = None
        self._producer = AIOKafkaProducer(
            **self._connection.client_options(),
            acks="all",
            enable_idempotence=True,
            # Nothing lingers: what comes while a request is under way leaves with the next one.
            linger_ms=0,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        return self._producer

    async def _send_all(self, producer: Any) -> None:
        while True:
            if self._broken is not None:
                raise self._broken
            if not self._waiting:
                self._work.clear()
                await self._work.wait()
                continue
            letter = self._waiting[0]
            value = await self._encoded(letter)
            try:
                async with asyncio.timeout(SEND_DEADLINE_S):
                    sent = await producer.send(
                        self._topic,
                        value,
                        key=letter.result.ticket_id.encode(),
                        headers=letter.headers,
                    )
            except kafka.MessageSizeTooLargeError:
                letter.result = too_large(letter.result, len(value))
                continue
            except (kafka.KafkaTimeoutError, TimeoutError) as error:
                log.warning("%s takes no results, trying again: %r", self._topic, error)
                continue
            self._waiting.popleft()
            self._unacknowledged[letter] = None
            sent.add_done_callback(partial(self._settled, producer, letter, len(value)))

    async def _encoded(self, letter: Letter) -> bytes:
        wait_s = _WAIT_FIRST_S
        while True:
            try:
                return await self._codec.encode(letter.result, self._topic)
            except Unavailable as error:
                log.warning("a result for %s waits: %s", self._topic, error)
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _WAIT_MAX_S)
            except InvariantViolation as error:
                if letter.result.status is ExecutionStatus.FAILED:
                    raise
                # One answer that nobody can write must not end the work on all the others.
                log.exception("the result of %s cannot be written", letter.result.ticket_id)
                letter.result = failed_instead(letter.result, f"the result is not valid: {error}")

    def _settled(self, producer: Any, letter: Letter, size: int, sent: asyncio.Future[Any]) -> None:
        """Note how the sending of `letter` ended, in the callback of its future."""
        error = kafka.ProducerClosed() if sent.cancelled() else sent.exception()
        if producer is not self._producer:
            return  # A newer producer sends it again.
        if error is None:
            del self._unacknowledged[letter]
            if letter.attempt is not None:
                self._on_acknowledged(letter.attempt)
        elif isinstance(error, kafka.MessageSizeTooLargeError | kafka.RecordListTooLargeError):
            del self._unacknowledged[letter]
            letter.result = too_large(letter.result, size)
            self._waiting.append(letter)
        else:
            self._broken = error
        self._work.set()
        if not self.full:
            self._room.set()
        if not self._waiting and not self._unacknowledged:
            self._empty.set()


def too_large(result: ExecutionResult, size: int) -> ExecutionResult:
    """Return what is said instead of `result`, which takes more bytes than brokers take."""
    return failed_instead(result, f"the result takes {size:,} bytes, more than the brokers take")


def failed_instead(result: ExecutionResult, error: str) -> ExecutionResult:
    """Return what is said instead of `result`, which cannot be: every attempt would end so."""
    said = {key: value for key, value in result.result.metadata.items() if key == "attempt"}
    return result.model_copy(
        update={
            "status": ExecutionStatus.FAILED,
            "result": ExecutionResultPayload(metadata={**said, "retryable": "false"}),
            "error_message": error,
        }
    )
