"""How many messages a broker has taken from us, and how often it could not be used."""

from collections import Counter
from collections.abc import Mapping, Sequence

from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.message_sink import MessageSink
from orchestrator_dynamic.ports.outbox import Outgoing


class CountedSink:
    """A `MessageSink` that counts what `sink` sends."""

    def __init__(self, sink: MessageSink, metrics: Metrics, streams: Mapping[str, str]) -> None:
        """Count by `streams`, which tells what each topic carries; others carry dead letters."""
        self._sink = sink
        self._metrics = metrics
        self._streams = dict(streams)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """As the port says."""
        try:
            await self._sink.send(messages)
        except OrchestratorError:
            self._metrics.add("orchestration_kafka_errors_total", operation="produce")
            raise
        carried = Counter(self._streams.get(one.topic, "dead_letters") for one in messages)
        for stream, count in carried.items():
            self._metrics.add("orchestration_kafka_messages_produced_total", count, stream=stream)
