"""Workers' answers off their topic, many at a time."""

from collections.abc import Sequence

from orchestrator_dynamic.consumers.dead_letters import DeadLetters
from orchestrator_dynamic.consumers.reading import value_of
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.errors import InvalidInput, Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.ports.orchestrator import Orchestrator
from orchestrator_dynamic.ports.record_source import Record
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.result_reader import read_result


class ResultConsumer:
    """A `Taker` of results. Those about tickets that nobody knows are taken like any others."""

    def __init__(
        self,
        topic: str,
        orchestrator: Orchestrator,
        codec: MessageCodec,
        dead_letters: DeadLetters,
    ) -> None:
        self.topic = topic
        self.stream = Stream.RESULTS
        self._orchestrator = orchestrator
        self._codec = codec
        self._dead_letters = dead_letters

    async def take(self, records: Sequence[Record]) -> int:
        """As the port says."""
        self._dead_letters.room()
        results = list[ExecutionResult]()
        done, problem = len(records), None
        for place, record in enumerate(records):
            try:
                result = await self._read(record)
            except Unavailable as error:
                done, problem = place, error
                break
            if result is not None:
                results.append(result)
        if results:
            await self._orchestrator.take_results(results)
        if problem is not None and done == 0:
            raise problem
        return done

    async def put_aside(self, record: Record, why: InvalidInput) -> None:
        """As the port says."""
        await self._dead_letters.put(record, why)

    async def _read(self, record: Record) -> ExecutionResult | None:
        """Return the answer in `record`, None where it is a dead letter now."""
        try:
            data = value_of(record)
            schema = await self._codec.writer_schema(data, record.headers)
            return read_result(data, record.headers, writer_schema=schema)
        except InvalidInput as why:
            await self._dead_letters.put(record, why)
            return None
