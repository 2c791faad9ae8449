"""The engine's ticket bus where a publisher acknowledges: a broker, and workers elsewhere.

The engine hands tickets over without waiting. They leave in batches, one after the other, and are
handed over when the publisher has acknowledged them. What it does not take now is offered again
until it does, in the same order: the journal says that they are to go, so nothing else may happen.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ticket_bus import Dispatch, Handover
from orchestrator_dynamic.ports.ticket_publisher import TicketPublisher
from orchestrator_dynamic.runtime.patience import until_available
from orchestrator_dynamic.runtime.refusals import result_of_refusal

# A batch that fails is offered again as a whole, so that it should not be the size of a plan.
_BATCH_MAX = 1_000


class PublishingBus:
    """A `TicketBus` over a `TicketPublisher`. Run it with `run`.

    Attributes:
        on_handover: hears of each attempt that the publisher has taken.
        on_refusal: hears, as an answer, of each that it never will.
    """

    def __init__(self, publisher: TicketPublisher, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock
        self.on_handover: Callable[[Handover], None] = _unheard
        self.on_refusal: Callable[[ExecutionResult], None] = _unheard
        # In the order of their arrival: a plan has at most so many tickets out as its policy says.
        self._waiting: dict[TicketId, Dispatch] = {}
        self._cancelled: dict[TicketId, Dispatch] = {}
        self._work = asyncio.Event()

    def publish(self, dispatches: Sequence[Dispatch]) -> None:
        """As the port says."""
        for dispatch in sorted(dispatches, key=lambda one: one.order):
            self._waiting[dispatch.ticket.ticket_id] = dispatch
        self._work.set()

    def cancel(self, dispatches: Sequence[Dispatch]) -> list[TicketId]:
        """As the port says; a ticket whose acknowledgement is awaited counts as out."""
        unsent = []
        for dispatch in dispatches:
            ticket_id = dispatch.ticket.ticket_id
            if self._waiting.pop(ticket_id, None) is not None:
                unsent.append(ticket_id)
            else:
                self._cancelled[ticket_id] = dispatch
        self._work.set()
        return unsent

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says: what has not left stays here; a broker takes nothing back."""
        waiting = self._waiting.get(ticket_id)
        if waiting is not None and waiting.attempt == attempt:
            del self._waiting[ticket_id]
        self._cancelled.pop(ticket_id, None)

    async def run(self) -> None:
        """Hand over until cancelled.

        Raises:
            Misconfigured: the publisher refuses us, so that no ticket will ever leave.
        """
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting or self._cancelled:
                if batch := _taken(self._waiting):
                    refusals = await until_available(
                        partial(self._publisher.publish, batch), "tickets_not_taken"
                    )
                    now = self._clock.now_ms()
                    for one in batch:
                        self.on_handover(Handover(one.ticket.ticket_id, one.attempt, now, None))
                    for refusal in refusals:
                        self.on_refusal(result_of_refusal(refusal, now))
                if notices := _taken(self._cancelled):
                    await until_available(
                        partial(self._publisher.cancel, notices), "cancellations_not_taken"
                    )


def _taken(waiting: dict[TicketId, Dispatch]) -> list[Dispatch]:
    batch = list(waiting.values())[:_BATCH_MAX]
    for dispatch in batch:
        del waiting[dispatch.ticket.ticket_id]
    return batch


def _unheard(told: object) -> None:
    raise InvariantViolation(f"nobody hears of {told}")
