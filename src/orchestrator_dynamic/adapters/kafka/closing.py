"""Ending the library's clients within a stated time, also where no broker answers.

Their own `stop` waits for what is under way, which may be for ever; being stopped halfway, it
leaves tasks and sockets behind. Hence the looks behind the library's curtain, which are all here.
"""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaConnectionError, KafkaError  # type: ignore[import-untyped]

# A broker that is there answers in milliseconds.
_STEP_S = 1.0


async def stop_producer(producer: AIOKafkaProducer, patience_s: float) -> None:
    """Send what is under way, and close; what is not sent within `patience_s` fails."""
    try:
        async with asyncio.timeout(patience_s):
            await producer.flush()
    except (TimeoutError, KafkaError):
        await discard_producer(producer)
    else:
        await _within(_STEP_S, producer.stop())


async def discard_producer(producer: AIOKafkaProducer) -> None:
    """Close without sending: whoever waits for an acknowledgement is told at once."""
    inner: Any = producer
    sender: asyncio.Task[None] | None = inner._sender.sender_task
    # Told once it waits for requests under way, told twice it gives them up. Before the messages
    # are failed, for it would look for them afterwards.
    for _ in range(2):
        if sender is not None and not sender.done():
            sender.cancel()
            await asyncio.wait([sender], timeout=0.2)
    unsent = inner._message_accumulator
    batches = [batch for several in unsent._batches.values() for batch in several]
    unsent.fail_all(KafkaConnectionError("the producer was given up"))
    for batch in batches:
        # Nobody may have asked it, which asyncio would report as an error that was overlooked.
        if batch._drain_waiter.done() and not batch._drain_waiter.cancelled():
            batch._drain_waiter.exception()
    await _within(_STEP_S, producer.stop())
    await _within(_STEP_S, inner.client.close())


async def stop_consumer(consumer: AIOKafkaConsumer, patience_s: float) -> None:
    """Leave the group, unless we are a static member of it, and close."""
    inner: Any = consumer
    await _within(patience_s, consumer.stop())
    if inner._fetcher is not None:
        await _within(_STEP_S, inner._fetcher.close())
    await _within(_STEP_S, inner._client.close())


async def _within(seconds: float, closing: Any) -> None:
    try:
        async with asyncio.timeout(seconds):
            await closing
    except (TimeoutError, KafkaError, OSError):
        # It is being given up; what cannot be closed in time ends with its socket.
        return
