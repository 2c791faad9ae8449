"""What leases mean to whoever keeps the plans: the embedded engine, or a server's workflows."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from orchestrator_dynamic.core.answers import attempt_of
from orchestrator_dynamic.core.facts import WorkerSkills
from orchestrator_dynamic.models.execution_result import ExecutionResult, ExecutionResultPayload
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ticket_bus import Dispatch, TicketBus
from orchestrator_dynamic.runtime.engine import Engine
from orchestrator_dynamic.runtime.patience import until_available
from orchestrator_dynamic.runtime.ticket_places import TicketPlaces


class LeaseKeeper(Protocol):
    """Whoever is told of leases, and of what came of them."""

    async def confirm(self, dispatches: Sequence[Dispatch], worker_id: str) -> None:
        """Return once it is durable that `worker_id` has these tickets.

        Raises:
            Unavailable: it may not be; the tickets must be given back.
        """
        ...

    async def take(
        self, results: Sequence[ExecutionResult], lent: Sequence[bool]
    ) -> Sequence[AnswerFate]:
        """Return once these answers are durable, with what became of each, in the same order.

        Args:
            lent: whether each is about an attempt that is lent at this moment.

        Raises:
            Unavailable: nothing is known of them; bring them again.
        """
        ...

    def beat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Pass on a sign of life about a leased attempt, and say whether it is still wanted."""
        ...

    def given_back(self, dispatches: Sequence[Dispatch]) -> None:
        """Let these attempts go out again: nobody has begun them."""
        ...

    def failed(self, result: ExecutionResult) -> None:
        """Take the word that an attempt failed, for its worker is silent or was to stop."""
        ...

    def workers_are(self, workers: tuple[WorkerSkills, ...]) -> None:
        """Take note of who can do what from now on."""
        ...


class TakesResults(Protocol):
    """What brings answers to workflows."""

    async def take_results(self, results: Sequence[ExecutionResult]) -> None:
        """Return once all of them are durable."""
        ...


class EngineLeases:
    """A `LeaseKeeper` over the embedded engine, whose journal knows every hand-over."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.workers_are = engine.workers_are
        self.failed = engine.refused

    async def confirm(self, dispatches: Sequence[Dispatch], worker_id: str) -> None:
        """As the port says: the queue has told of the hand-overs, which come before this."""
        await self._engine.durable()

    async def take(
        self, results: Sequence[ExecutionResult], lent: Sequence[bool]
    ) -> Sequence[AnswerFate]:
        """As the port says: the plan itself knows which attempt is current."""
        return await self._engine.answers(results)

    def beat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """As the port says."""
        return self._engine.heartbeat(beat, attempt_of(beat) or 1)

    def given_back(self, dispatches: Sequence[Dispatch]) -> None:
        """As the port says: the journal says so, and the attempts are released anew."""
        self._engine.given_back([(one.ticket.ticket_id, one.attempt) for one in dispatches])


class SharedLeases:
    """A `LeaseKeeper` where a server keeps the plans and this process queues their tickets.

    A workflow hears who has a ticket by a sign of life. It cannot be asked what became of an
    answer: what is lent is taken, and it drops by itself what is about another attempt. Run it
    with `run`.
    """

    def __init__(
        self, orchestrator: TakesResults, queue: TicketBus, places: TicketPlaces, clock: Clock
    ) -> None:
        self._orchestrator = orchestrator
        self._queue = queue
        self._places = places
        self._clock = clock
        # One for each lease that ran out or told of progress, so that leases bound it.
        self._untold: dict[tuple[TicketId, ExecutionStatus], ExecutionResult] = {}
        self._news = asyncio.Event()

    async def confirm(self, dispatches: Sequence[Dispatch], worker_id: str) -> None:
        """As the port says."""
        at = self._clock.now_ms()
        await self._orchestrator.take_results([_alive(one, worker_id, at) for one in dispatches])

    async def take(
        self, results: Sequence[ExecutionResult], lent: Sequence[bool]
    ) -> Sequence[AnswerFate]:
        """As the port says."""
        known = await self._places.find([one.ticket_id for one in results])
        await self._orchestrator.take_results(results)
        told = []
        for result, current in zip(results, lent, strict=True):
            fate = AnswerFate.TAKEN if current else AnswerFate.STALE_ATTEMPT
            told.append(fate if result.ticket_id in known else AnswerFate.UNKNOWN)
        return told

    def beat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """As the port says; that an attempt is not wanted any more is told by the queue."""
        if "progress" in beat.result.metadata:
            self._tell(beat)
        return HeartbeatVerdict.GO_ON

    def given_back(self, dispatches: Sequence[Dispatch]) -> None:
        """As the port says: for their workflows they never left the queue."""
        self._queue.publish(dispatches)

    def failed(self, result: ExecutionResult) -> None:
        """As the port says; what cannot be told before we end is found by the time limit."""
        self._tell(result)

    def workers_are(self, workers: tuple[WorkerSkills, ...]) -> None:
        """As the port says: plans that a server keeps know no registry, anybody may take all."""

    async def run(self) -> None:
        """Tell workflows what nobody waits for, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            untold, self._untold = list(self._untold.values()), {}
            telling = partial(self._orchestrator.take_results, untold)
            await until_available(telling, "leases_not_told")

    def _tell(self, result: ExecutionResult) -> None:
        self._untold[TicketId(result.ticket_id), result.status] = result
        self._news.set()


def _alive(dispatch: Dispatch, worker_id: str, at: int) -> ExecutionResult:
    return ExecutionResult(
        ticket_id=dispatch.ticket.ticket_id,
        status=ExecutionStatus.RUNNING,
        result=ExecutionResultPayload(metadata={"attempt": str(dispatch.attempt)}),
        agent_id=worker_id,
        timestamp=at,
    )
