"""Messages from the outbox to the broker: in order, across outages and restarts.

Incidents, SLA events, telemetry frames and dead letters are durable before anybody waits for them,
so that a broker that is away holds up no plan: they leave when it is back.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from pydantic import ValidationError

from orchestrator_dynamic.errors import InvariantViolation, OrchestratorError
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
from orchestrator_dynamic.runtime.counted_codec import CountedCodec
from orchestrator_dynamic.runtime.counted_sink import CountedSink
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
        self._codec = CountedCodec(codec, metrics)
        self._topics = topics
        self._kinds: dict[str, type[Message]] = {
            topics.incidents: OrchestrationIncident,
            topics.telemetry: TelemetryFrame,
            topics.sla_alerts: SlaAlert,
            topics.sla_violations: SlaViolation,
        }
        streams = {
            topics.incidents: "incidents",
            topics.telemetry: "telemetry",
            topics.sla_alerts: "sla_alerts",
            topics.sla_violations: "sla_violations",
        }
        self._sink = CountedSink(sink, metrics, streams)
        self._clock = clock
        self._metrics = metrics
        self._bell = asyncio.Event()
        self._leaving = False

    def ring(self) -> None:
        """Say that there is something new."""
        self._bell.set()

    def leave(self) -> None:
        """Let `run` end as soon as nothing waits that it could send."""
        self._leaving = True
        self.ring()

    async def run(self) -> None:
        """Send until cancelled, or until all is sent after `leave`."""
        while True:
            leaving = self._leaving
            sent = await until_available(self.send_some, "messages_not_sent")
            if sent == _BATCH_MAX:
                continue
            if leaving:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._bell.wait()
            self._bell.clear()

    async def send_some(self) -> int:
        """Send what has waited longest, and return how many messages that were.

        Raises:
            Unavailable: the broker, the registry or the outbox is away; they wait.
            Misconfigured: the broker or the registry refuses us.
        """
        waiting = await self._outbox.waiting(_BATCH_MAX)
        self._tell_buffered(waiting)
        if waiting:
            await self._send(waiting)
            await self._outbox.sent([one.id for one in waiting], self._clock.now_ms())
            self._tell_buffered(())
        return len(waiting)

    def _tell_buffered(self, waiting: Sequence[Waiting]) -> None:
        frames = sum(one.message.topic == self._topics.telemetry for one in waiting)
        self._metrics.set("orchestration_telemetry_buffered", frames)

    async def _send(self, waiting: Sequence[Waiting]) -> None:
        left: list[Waiting] = []
        for one in waiting:
            try:
                left.append(await self._as_the_topic_wants(one))
            except InvariantViolation as error:
                _give_up(one, error)
        while left:
            try:
                await self._sink.send([one.message for one in left])
            except MessageRefused as error:
                _give_up(left.pop(error.index), error)
            else:
                return

    async def _as_the_topic_wants(self, one: Waiting) -> Waiting:
        """Return it encoded, with its headers.

        Raises:
            InvariantViolation: we have kept what is none of our messages.
        """
        message = one.message
        kind = self._kinds.get(message.topic)
        if kind is None:
            return one
        try:
            told = kind.model_validate_json(message.value)
        except ValidationError as error:
            raise InvariantViolation(f"{one.id} is no {kind.__name__}: {error}") from error
        value = await self._codec.encode(told, message.topic)
        headers = headers_of(told, value)
        return one._replace(message=message._replace(value=value, headers=headers))


def _give_up(one: Waiting, why: OrchestratorError) -> None:
    """Tell people; it stays in the store, where they find it, and the others do not wait for it."""
    topic = one.message.topic
    log.error("message_refused", topic=topic, message=one.id, why=str(why))
