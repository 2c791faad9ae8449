"""Decisions off their topic, each with a durable receipt before its offset is committed."""

import asyncio
from collections.abc import Awaitable, Sequence

from orchestrator_dynamic.consumers.dead_letters import DeadLetters
from orchestrator_dynamic.consumers.reading import incoming, value_of
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import InvalidInput, Unavailable
from orchestrator_dynamic.ports.orchestrator import Orchestrator, Receipt, Reception
from orchestrator_dynamic.ports.record_source import Record
from orchestrator_dynamic.wire.message_codec import MessageCodec


class DecisionConsumer:
    """A `Taker` of decisions."""

    def __init__(
        self,
        topic: str,
        orchestrator: Orchestrator,
        codec: MessageCodec,
        dead_letters: DeadLetters,
    ) -> None:
        self.topic = topic
        self.stream = Stream.DECISIONS
        self._orchestrator = orchestrator
        self._codec = codec
        self._dead_letters = dead_letters

    async def take(self, records: Sequence[Record]) -> int:
        """As the port says: all are handed in before the first receipt is awaited."""
        # Every one of them may turn out to be a dead letter.
        records = records[: self._dead_letters.room()]
        places, receipts = list[int](), list[Awaitable[Receipt]]()
        done, problem = len(records), None
        for place, record in enumerate(records):
            try:
                receipt = await self._hand_in(record)
            except Unavailable as error:
                done, problem = place, error
                break
            if receipt is not None:
                places.append(place)
                receipts.append(receipt)
        answers = await asyncio.gather(*receipts, return_exceptions=True)
        for place, answer in zip(places, answers, strict=True):
            if isinstance(answer, Unavailable):
                done, problem = min(done, place), problem or answer
            elif isinstance(answer, BaseException):
                raise answer
            elif answer.reception is Reception.DEAD_LETTER:
                self._dead_letters.note()
        if problem is not None and done == 0:
            raise problem
        return done

    async def put_aside(self, record: Record, why: InvalidInput) -> None:
        """As the port says."""
        await self._dead_letters.put(record, why)

    async def _hand_in(self, record: Record) -> Awaitable[Receipt] | None:
        """Return what becomes of `record`, None where it is a dead letter now."""
        try:
            schema = await self._codec.writer_schema(value_of(record), record.headers)
        except InvalidInput as why:
            await self._dead_letters.put(record, why)
            return None
        return await self._orchestrator.hand_in(incoming(record, schema, self._dead_letters.to))
