"""Tickets as messages of a broker: which topic, which key, which headers."""

from collections.abc import Sequence

from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.message_sink import MessageRefused, MessageSink
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.ports.ticket_publisher import Refusal
from orchestrator_dynamic.runtime.counted_codec import CountedCodec
from orchestrator_dynamic.runtime.counted_sink import CountedSink
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_headers import headers_of


class SentTickets:
    """A `TicketPublisher` over a broker, which the caller owns. One plan is one partition."""

    def __init__(
        self, sink: MessageSink, codec: MessageCodec, topic: str, metrics: Metrics | None = None
    ) -> None:
        """Send to `topic`; `metrics` counts what the broker takes, where somebody wants to know."""
        self._sink = sink if metrics is None else CountedSink(sink, metrics, {topic: "tickets"})
        self._codec = CountedCodec(codec, metrics)
        self._topic = topic

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """As the port says."""
        left = sorted(dispatches, key=lambda dispatch: dispatch.order)
        refusals: list[Refusal] = []
        while left:
            try:
                await self._sink.send([await self._message(dispatch) for dispatch in left])
            except MessageRefused as error:
                # What went out with it goes out again: under the same id and attempt.
                refused = left.pop(error.index)
                refusals.append(Refusal(refused.ticket.ticket_id, refused.attempt, str(error)))
            else:
                break
        return refusals

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says: what a broker has, it does not give back."""
        await self.publish(dispatches)
        return ()

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says: nobody is known here; an answer that still comes is too late."""

    async def _message(self, dispatch: Dispatch) -> Outgoing:
        ticket = dispatch.ticket
        value = await self._codec.encode(ticket, self._topic)
        return Outgoing(self._topic, ticket.plan_id.encode(), value, headers_of(ticket, value))
