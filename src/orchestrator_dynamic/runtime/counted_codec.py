"""How often a message could not be written, for its schema's registry was away."""

from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable


class CountedCodec:
    """Writes messages as `codec` does."""

    def __init__(self, codec: MessageCodec, metrics: Metrics | None) -> None:
        """Count in `metrics`, where somebody wants to know."""
        self._codec = codec
        self._metrics = metrics

    async def encode(self, message: Message, topic: str) -> bytes:
        """Return the value of `message` for `topic`, and let through what the codec raises."""
        try:
            return await self._codec.encode(message, topic)
        except RegistryUnavailable:
            if self._metrics is not None:
                self._metrics.add("orchestration_kafka_errors_total", operation="schema")
            raise
