"""Messages from the outbox to the broker: in order, across outages and restarts.

Incidents, SLA events, telemetry frames and dead letters are durable before anybody waits for them,
so that a broker that is away holds up no plan: they leave when it is back.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.message_sink import MessageRefused, MessageSink
from orchestrator_dynamic.ports.outbox import Outbox, Waiting
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime.patience import until_available
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_headers import headers_of

log = get_logger(__name__)

_BATCH_MAX = 500

# Whoever writes to the outbox rings; another process that does so is heard after this.
_LOOK_S = 1.0


class Relay:
    """Sends what waits in `outbox`. Run it with `run`.

    Several may run at the same time, and then send some messages twice.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        sink: MessageSink,
        codec: MessageCodec,
        topics: Topics,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self._codec = codec
        self._kinds: dict[str, type[Message]] = {
            topics.incidents: OrchestrationIncident,
            topics.telemetry: TelemetryFrame,
            topics.sla_alerts: SlaAlert,
            topics.sla_violations: SlaViolation,
        }
        self._clock = clock
        self._metrics = metrics
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Say that there is something new."""
        self._bell.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            sent = await until_available(self.send_some, "messages_not_sent")
            if sent < _BATCH_MAX:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S):
                        await self._bell.wait()
                self._bell.clear()

    async def send_some(self) -> int:
        """Send what has waited longest, and return how many messages that were.

        Raises:
            Unavailable: the broker, the registry or the outbox is away; they wait.
        """
        waiting = await self._outbox.waiting(_BATCH_MAX)
        self._metrics.set("orchestration_telemetry_buffered", len(waiting))
        if waiting:
            await self._send(waiting)
            await self._outbox.sent([one.id for one in waiting], self._clock.now_ms())
            self._metrics.set("orchestration_telemetry_buffered", 0)
        return len(waiting)

    async def _send(self, waiting: Sequence[Waiting]) -> None:
        left = [await self._as_the_topic_wants(one) for one in waiting]
        while left:
            try:
                await self._sink.send([one.message for one in left])
            except MessageRefused as error:
                # It stays in the store, where people find it; the others must not wait for it.
                refused = left.pop(error.index)
                log.exception("message_refused", topic=refused.message.topic, message=refused.id)
            else:
                return

    async def _as_the_topic_wants(self, one: Waiting) -> Waiting:
        message = one.message
        kind = self._kinds.get(message.topic)
        if kind is None:
            return one
        told = kind.model_validate_json(message.value)
        value = await self._codec.encode(told, message.topic)
        headers = headers_of(told, value)
        return one._replace(message=message._replace(value=value, headers=headers))
