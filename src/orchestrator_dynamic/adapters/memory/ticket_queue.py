"""Tickets from the engine to the workers of the same process: best first, by what workers can.

The queue itself is only memory; what is durable is the journal, from which a restart fills it
again. A ticket is handed over when a worker takes it, and the engine hears of that by `Handover`s.
"""

import asyncio
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ticket_bus import Dispatch, Handover

Interrupt = Callable[[HeartbeatVerdict], None]
_Kind = tuple[TaskType, tuple[str, ...]]
_Entry = tuple[tuple[float, int, int], int, Dispatch]


class TicketQueue:
    """A `TicketBus` whose tickets are taken by `take`, in the order of the scheduling policy."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[_Kind, list[_Entry]] = {}
        self._queued: dict[TicketId, int] = {}
        self._serial = 0
        self._waiting: dict[asyncio.Future[None], WorkerProfile] = {}
        self._watchers: dict[TicketId, tuple[int, Interrupt]] = {}
        self.on_handover: Callable[[Handover], None] = _unheard

    def publish(self, dispatches: Sequence[Dispatch]) -> None:
        """As the port says; waiting workers that can execute a ticket wake up."""
        for dispatch in dispatches:
            ticket = dispatch.ticket
            self._supersede(ticket.ticket_id, dispatch.attempt)
            if self._queued.get(ticket.ticket_id) == dispatch.attempt:
                continue
            self._queued[ticket.ticket_id] = dispatch.attempt
            self._serial += 1
            kind = (ticket.task_type, ticket.required_capabilities)
            heappush(self._queues.setdefault(kind, []), (dispatch.order, self._serial, dispatch))
            self._wake_one(ticket)

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the best ticket that `profile` can execute, waiting until there is one."""
        return (await self.take_some(profile, 1))[0].ticket

    async def take_some(self, profile: WorkerProfile, most: int) -> list[Dispatch]:
        """As the port says."""
        while not (taken := self._take_now(profile, most)):
            future = asyncio.get_running_loop().create_future()
            self._waiting[future] = profile
            try:
                await future
            except asyncio.CancelledError:
                # The ticket that woke this worker up may still be here: let the others look.
                self._waiting.pop(future, None)
                self._wake_all()
                raise
        return taken

    def cancel(self, dispatches: Sequence[Dispatch]) -> list[TicketId]:
        """As the port says; whoever watches one of them is interrupted."""
        ticket_ids = [dispatch.ticket.ticket_id for dispatch in dispatches]
        queued = [name for name in ticket_ids if self._queued.pop(name, None) is not None]
        for ticket_id in ticket_ids:
            self._interrupt(ticket_id, HeartbeatVerdict.CANCELLED)
        return queued

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""
        if self._queued.get(ticket_id) == attempt:
            del self._queued[ticket_id]
        watcher = self._watchers.get(ticket_id)
        if watcher is not None and watcher[0] == attempt:
            self._interrupt(ticket_id, HeartbeatVerdict.SUPERSEDED)

    def watch(self, ticket: ExecutionTicket, interrupt: Interrupt) -> None:
        """Call `interrupt` once if this attempt is cancelled or superseded while it is watched."""
        self._watchers[ticket.ticket_id] = (ticket.retry_count + 1, interrupt)

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """Watch this attempt no more."""
        watcher = self._watchers.get(ticket.ticket_id)
        if watcher is not None and watcher[0] == ticket.retry_count + 1:
            del self._watchers[ticket.ticket_id]

    def _take_now(self, profile: WorkerProfile, most: int) -> list[Dispatch]:
        taken: list[Dispatch] = []
        while len(taken) < most and (dispatch := self._best(profile)) is not None:
            dispatch.ticket.metadata["assigned_worker"] = profile.worker_id
            taken.append(dispatch)
        at, agent = self._clock.now_ms(), profile.worker_id
        for _, attempt, ticket in taken:
            self.on_handover(Handover(ticket.ticket_id, attempt, at, agent))
        return taken

    def _best(self, profile: WorkerProfile) -> Dispatch | None:
        found: list[_Entry] | None = None
        for kind, entries in list(self._queues.items()):
            if profile.can_execute(*kind):
                self._drop_stale(kind, entries)
                if entries and (found is None or entries[0] < found[0]):
                    found = entries
        if found is None:
            return None
        dispatch = heappop(found)[2]
        del self._queued[dispatch.ticket.ticket_id]
        return dispatch

    def _drop_stale(self, kind: _Kind, entries: list[_Entry]) -> None:
        while entries and self._queued.get(entries[0][2].ticket.ticket_id) != entries[0][2].attempt:
            heappop(entries)
        if not entries:
            del self._queues[kind]

    def _wake_one(self, ticket: ExecutionTicket) -> None:
        for future, profile in self._waiting.items():
            # One that is done was cancelled, and its worker does not know yet.
            can = profile.can_execute(ticket.task_type, ticket.required_capabilities)
            if can and not future.done():
                del self._waiting[future]
                future.set_result(None)
                return

    def _wake_all(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def _supersede(self, ticket_id: TicketId, attempt: int) -> None:
        watcher = self._watchers.get(ticket_id)
        if watcher is not None and watcher[0] != attempt:
            self._interrupt(ticket_id, HeartbeatVerdict.SUPERSEDED)

    def _interrupt(self, ticket_id: TicketId, verdict: HeartbeatVerdict) -> None:
        watcher = self._watchers.pop(ticket_id, None)
        if watcher is not None:
            watcher[1](verdict)


def _unheard(handover: Handover) -> None:
    raise InvariantViolation(f"nobody hears that {handover.ticket_id} was handed over")
