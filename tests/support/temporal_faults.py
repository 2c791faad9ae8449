"""Faults for those who take turns: at any point of one, the process is lost or the world away."""

from collections.abc import Iterable, Mapping, Sequence

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.records import (
    DecisionRecord,
    FactRecord,
    StoredPlan,
    TicketPlace,
    WorkflowRecord,
)
from orchestrator_dynamic.ports.shared_ledger import Known, SharedLedger
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.ports.ticket_publisher import Refusal, TicketPublisher


class Lost(Unavailable):
    """Something did not come back; whether it happened, nobody knows."""


class Faults:
    """Which of the points that are passed are fatal, in the order of passing them.

    Attributes:
        struck: how many have been.
    """

    def __init__(self, schedule: Iterable[bool] = ()) -> None:
        self._schedule = iter(schedule)
        self.away = False
        self.struck = 0

    def point(self, where: str) -> None:
        """Go on, or not.

        Raises:
            Lost: this point is fatal.
        """
        if self.away or next(self._schedule, False):
            self.struck += 1
            raise Lost(where)


class FaultyLedger:
    """A `SharedLedger` that can be lost before a commit, in its middle, or after it."""

    def __init__(self, inner: SharedLedger, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    async def take_in(self, decision: DecisionRecord, workflow: WorkflowRecord) -> Known:
        """As the port says."""
        return await self._inner.take_in(decision, workflow)

    async def commit(self, batch: Batch) -> None:
        """As the port says, or as where facts and records are kept one after the other."""
        self._faults.point("before a commit")
        try:
            self._faults.point("after the facts of a commit")
        except Lost:
            await self._inner.commit(Batch(facts=batch.facts))
            raise
        await self._inner.commit(batch)
        self._faults.point("after a commit")

    async def plan(self, workflow_id: str) -> StoredPlan | None:
        """As the port says."""
        return await self._inner.plan(workflow_id)

    async def facts_after(self, workflow: int, seq: int) -> Sequence[FactRecord]:
        """As the port says."""
        return await self._inner.facts_after(workflow, seq)

    async def open_plans(self) -> Sequence[tuple[int, str]]:
        """As the port says."""
        return await self._inner.open_plans()

    async def places_of(self, ticket_ids: Sequence[str]) -> Mapping[str, TicketPlace]:
        """As the port says."""
        return await self._inner.places_of(ticket_ids)

    async def parked(self, plan_id: str) -> Sequence[str]:
        """As the port says."""
        return await self._inner.parked(plan_id)


class RecordingPublisher:
    """A broker that has everything, and keeps a list.

    Attributes:
        published: ticket and attempt, as often as they came.
        cancelled: likewise, of cancellations.
    """

    def __init__(self, refused: Iterable[str] = ()) -> None:
        """Begin with nothing.

        Args:
            refused: tasks whose tickets it will never take.
        """
        self.published: list[tuple[TicketId, int]] = []
        self.cancelled: list[tuple[TicketId, int]] = []
        self._refused = frozenset(refused)

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """As the port says."""
        self.published += [(one.ticket.ticket_id, one.attempt) for one in dispatches]
        return [
            Refusal(one.ticket.ticket_id, one.attempt, "it is refused")
            for one in dispatches
            if one.ticket.task_id in self._refused
        ]

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says."""
        self.cancelled += [(one.ticket.ticket_id, one.attempt) for one in dispatches]
        return ()

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""


class FaultyPublisher:
    """A `TicketPublisher` that can be lost before and after what it does."""

    def __init__(self, inner: TicketPublisher, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    async def publish(self, dispatches: Sequence[Dispatch]) -> Sequence[Refusal]:
        """As the port says."""
        self._faults.point("before publishing")
        refusals = await self._inner.publish(dispatches)
        self._faults.point("after publishing")
        return refusals

    async def cancel(self, dispatches: Sequence[Dispatch]) -> Sequence[TicketId]:
        """As the port says."""
        self._faults.point("before cancelling")
        return await self._inner.cancel(dispatches)

    def forget(self, ticket_id: TicketId, attempt: int) -> None:
        """As the port says."""
        self._inner.forget(ticket_id, attempt)
