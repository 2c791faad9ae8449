"""Messages onto topics: each once and in order by its key, as far as brokers can promise it."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import (  # type: ignore[import-untyped]
    InvalidTopicError,
    KafkaError,
    UnknownTopicOrPartitionError,
)

from orchestrator_dynamic.adapters.kafka.closing import discard_producer, stop_producer
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions, client_arguments
from orchestrator_dynamic.adapters.kafka.failures import is_too_large, translated, unreachable
from orchestrator_dynamic.adapters.kafka.topics import missing_topics
from orchestrator_dynamic.errors import Misconfigured, OrchestratorError
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable, MessageRefused
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.standing import Standing

# What is larger goes alone, so that a broker that finds a batch too large means one message.
# No broker's limit is below it; Kafka's default is 1 MiB.
_BATCH_BYTES = 128 * 1024

# The topic's own limit decides. Beyond this brokers close the connection (100 MiB, with headers)
# rather than refuse a message, and it would be sent for ever.
_MESSAGE_BYTES_MAX = 64 * 1024 * 1024
_RECORD_OVERHEAD = 1024


class KafkaMessageSink:
    """A `MessageSink`; open it as a context. It connects when it first has something to send.

    After any failure the producer is replaced: one that has lost a message in a sequence never
    recovers (aiokafka's issue 1017), and one that cannot reach its broker keeps what it was given
    for later, when we have long sent it again.
    """

    def __init__(
        self, options: KafkaOptions, *, patience_s: float = 10.0, in_flight_max: int = 5_000
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            patience_s: how long all acknowledgements of one call may take, connecting included.
            in_flight_max: messages of one call that wait for an acknowledgement at a time.
        """
        self.standing = Standing()
        self._options = options
        self._patience_s = patience_s
        self._in_flight_max = in_flight_max
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()
        # Those that have been seen; names come from settings, so that they are few.
        self._topics: set[str] = set()

    async def __aenter__(self) -> Self:
        """Return the sink."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait a moment for what is under way, and close."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer, patience_s=2.0)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """As the port says."""
        for index, message in enumerate(messages):
            size = len(message.value) + _RECORD_OVERHEAD
            if size > _MESSAGE_BYTES_MAX:
                raise MessageRefused(f"a message for {message.topic} has {size:,} bytes", index)
        with self.standing.asking():
            await self._send(messages)

    async def _send(self, messages: Sequence[Outgoing]) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._refuse_unknown_topics(messages)
                producer = await self._opened()
                for first in range(0, len(messages), self._in_flight_max):
                    part = messages[first : first + self._in_flight_max]
                    await self._send_part(producer, part, first)
        except TimeoutError as error:
            await self._give_up()
            problem = f"no acknowledgement from {self._options.address}"
            raise BrokerUnavailable(f"{problem} within {self._patience_s:g} s") from error

    async def _refuse_unknown_topics(self, messages: Sequence[Outgoing]) -> None:
        """Look once for each topic; the library would look for a missing one until time is up."""
        new = {message.topic for message in messages} - self._topics
        if new:
            missing = await missing_topics(self._options, sorted(new))
            for index, message in enumerate(messages):
                if message.topic in missing:
                    raise MessageRefused(f"there is no topic {message.topic}", index)
            self._topics |= new

    async def _send_part(
        self, producer: AIOKafkaProducer, messages: Sequence[Outgoing], first: int
    ) -> None:
        acknowledgements = list[asyncio.Future[object]]()
        failed: OrchestratorError | None = None
        cause: BaseException | None = None
        try:
            for index, message in enumerate(messages):
                try:
                    # It waits for the network only where the topic is new or a batch is full.
                    acknowledgements.append(await _handed_over(producer, message))
                except (KafkaError, OSError) as error:
                    failed, cause = await self._meaning(error, message, first + index), error
                    break
            if acknowledgements:
                await asyncio.wait(acknowledgements)
        finally:
            # Whoever does not ask a future for its failure has it reported as lost.
            errors = [_failure_of(future) for future in acknowledgements]
        for index, found in enumerate(errors):
            if found is not None:
                meaning = await self._meaning(found, messages[index], first + index)
                if failed is None or _gravity(meaning) > _gravity(failed):
                    failed, cause = meaning, found
        if failed is not None:
            await self._give_up(producer)
            raise failed from cause

    async def _meaning(
        self, error: BaseException, message: Outgoing, index: int
    ) -> OrchestratorError:
        doing = f"sending to {message.topic}"
        if is_too_large(error):
            size = len(message.value)
            return MessageRefused(f"{doing}: its broker takes no message of {size:,} bytes", index)
        if isinstance(error, InvalidTopicError):
            return MessageRefused(f"{doing}: that is no name of a topic", index)
        if isinstance(error, UnknownTopicOrPartitionError):
            # The library says so as well when it cannot ask.
            try:
                if await missing_topics(self._options, [message.topic]):
                    return MessageRefused(f"{doing}: there is no such topic", index)
            except OrchestratorError as unknown:
                return unknown
        return translated(error, doing)

    async def _opened(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                self._producer = await self._connected()
            return self._producer

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            # A ticket in a chain has no company to wait for; a thousand of them share batches
            # all the same, as a partition has one request under way at a time.
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_MESSAGE_BYTES_MAX,
            **client_arguments(self._options),
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            await discard_producer(producer)
            raise await unreachable(self._options, error, "connecting to send") from error
        except BaseException:
            await discard_producer(producer)
            raise
        return producer

    async def _give_up(self, failed: AIOKafkaProducer | None = None) -> None:
        """Drop the producer that failed; others that wait for it are told to try again."""
        producer = self._producer
        if producer is not None and (failed is None or failed is producer):
            self._producer = None
            await discard_producer(producer)


async def _handed_over(producer: AIOKafkaProducer, message: Outgoing) -> "asyncio.Future[object]":
    future: asyncio.Future[object] = await producer.send(
        message.topic, message.value, key=message.key, headers=list(message.headers.items())
    )
    return future


def _failure_of(future: "asyncio.Future[object]") -> BaseException | None:
    if not future.done():
        # We were stopped while it was under way.
        future.cancel()
        return None
    return None if future.cancelled() else future.exception()


def _gravity(error: OrchestratorError) -> int:
    """Tell which of several failures is told: what a person must see, then what never passes.

    A refused message breaks the sequence of those behind it, which looks like an outage; told as
    one, the same messages would be sent again for ever.
    """
    match error:
        case Misconfigured():
            return 2
        case MessageRefused():
            return 1
        case _:
            return 0
