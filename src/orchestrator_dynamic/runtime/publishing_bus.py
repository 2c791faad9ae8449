"""The engine's ticket bus where a publisher acknowledges: a broker, and workers elsewhere.

The engine hands tickets over without waiting. They leave in batches, one after the other, and are
handed over when the publisher has acknowledged them. What it does not take now is offered again
until it does, in the same order: the journal says that they are to go, so nothing else may happen.
What is over, or has a newer attempt, before the publisher took it is not offered again: an outage
may outlast what it holds up, and nobody shall begin work that no plan waits for.
"""

import asyncio
from collections.abc import Callable, Sequence

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

_Waiting = dict[TicketId, Dispatch]


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
        self._waiting: _Waiting = {}
        self._cancelled: _Waiting = {}
        # The attempts that were offered and not yet acknowledged: workers may have them.
        self._offered: dict[TicketId, int] = {}
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
            waiting = self._waiting.pop(ticket_id, None)
            if waiting is not None and self._offered.get(ticket_id) != waiting.attempt:
                unsent.append(ticket_id)
            else:
                self._cancelled[ticket_id] = dispatch
        self._work.set()
        return unsent

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says: what has not left stays here; a broker takes nothing back."""
        for held in (self._waiting, self._cancelled):
            if ticket_id in held and held[ticket_id].attempt == attempt:
                del held[ticket_id]

    async def run(self) -> None:
        """Hand over until cancelled.

        Raises:
            Misconfigured: the publisher refuses us, so that no ticket will ever leave.
        """
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting or self._cancelled:
                await until_available(self._hand_over, "tickets_not_taken")
                await until_available(self._notify, "cancellations_not_taken")

    async def _hand_over(self) -> None:
        """Offer what has waited longest and is still wanted, and tell what became of it."""
        batch = _first(self._waiting)
        if not batch:
            return
        self._offered |= {one.ticket.ticket_id: one.attempt for one in batch}
        refusals = await self._publisher.publish(batch)
        self._offered.clear()
        _remove(self._waiting, batch)
        now = self._clock.now_ms()
        refused = {(one.ticket_id, one.attempt) for one in refusals}
        for one in batch:
            ticket_id = one.ticket.ticket_id
            if (ticket_id, one.attempt) not in refused:
                self.on_handover(Handover(ticket_id, one.attempt, now, None))
        for refusal in refusals:
            self.on_refusal(result_of_refusal(refusal, now))

    async def _notify(self) -> None:
        """Tell workers to stop what somebody has cancelled meanwhile."""
        if notices := _first(self._cancelled):
            await self._publisher.cancel(notices)
            _remove(self._cancelled, notices)


def _first(held: _Waiting) -> list[Dispatch]:
    return list(held.values())[:_BATCH_MAX]


def _remove(held: _Waiting, gone: Sequence[Dispatch]) -> None:
    """Take out what has gone, unless something newer stands in its place."""
    for dispatch in gone:
        if held.get(dispatch.ticket.ticket_id) is dispatch:
            del held[dispatch.ticket.ticket_id]


def _unheard(told: object) -> None:
    raise InvariantViolation(f"nobody hears of {told}")
