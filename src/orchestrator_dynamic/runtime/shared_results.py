"""Workers' answers on their way to the workflows of their plans."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from orchestrator_dynamic.core.answers import attempt_of
from orchestrator_dynamic.errors import OrchestratorError
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.plan_workflows import Telling as Kind
from orchestrator_dynamic.ports.plan_workflows import Told
from orchestrator_dynamic.ports.records import (
    TICKETS_PER_WORKFLOW,
    ProgressRecord,
    TicketPlace,
)
from orchestrator_dynamic.ports.shared_ledger import SharedLedger
from orchestrator_dynamic.runtime.step import answer_record
from orchestrator_dynamic.runtime.tally import Tally
from orchestrator_dynamic.runtime.teller import PROGRESS_LENGTH_MAX
from orchestrator_dynamic.runtime.telling import Telling, TellingInterrupted
from orchestrator_dynamic.runtime.ticket_places import TicketPlaces

# An answer with more characters does not travel through a workflow's history: what it brings is
# kept when it arrives, and the workflow hears how the attempt ended.
_TRAVELS_MAX = 16 * 1024

# Attempts of which a sign of life was passed on; one that is forgotten is told once more.
_ALIVE_MAX = 100_000


class SharedResults:
    """Brings answers to workflows, those of one plan together."""

    def __init__(
        self,
        ledger: SharedLedger,
        places: TicketPlaces,
        telling: Telling,
        clock: Clock,
        tally: Tally,
    ) -> None:
        self._ledger = ledger
        self._places = places
        self._telling = telling
        self._clock = clock
        self._tally = tally
        self._reporting = asyncio.Lock()
        self._reported: list[tuple[ExecutionResult, asyncio.Future[None]]] = []
        self._alive: OrderedDict[tuple[str, int | None], None] = OrderedDict()

    async def report(self, result: ExecutionResult) -> None:
        """Take one answer; those that come while others are on their way go together after them.

        Raises:
            Unavailable: the store or the server is away; bring it again.
        """
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reported.append((result, mine))
        async with self._reporting:
            if not mine.done():
                await self._take_reported()
        mine.result()

    async def _take_reported(self) -> None:
        reported, self._reported = self._reported, []
        try:
            await self.take([result for result, _ in reported])
        except OrchestratorError as error:
            _fail([waiting for _, waiting in reported], error)
        except BaseException:
            # Whoever is stopped here was taking for others too: they may try again.
            stopped = TellingInterrupted("taking answers was interrupted")
            _fail([waiting for _, waiting in reported], stopped)
            raise
        else:
            for _, waiting in reported:
                if not waiting.done():
                    waiting.set_result(None)

    async def take(self, results: Sequence[ExecutionResult]) -> None:
        """Return once every answer is with its workflow, or kept where there is none for it.

        Raises:
            Unavailable: the store or the server is away; all of them may be brought again.
        """
        places = await self._places.find([result.ticket_id for result in results])
        late = await self._take(results, places)
        if late:
            await self._keep_late(late)

    async def take_anew(self, results: Sequence[ExecutionResult]) -> None:
        """Take answers that came to the wrong plan: the cache was wrong, so the store is asked.

        Raises:
            Unavailable: the store or the server is away; all of them may be brought again.
        """
        places = await self._places.find_anew([result.ticket_id for result in results])
        if late := await self._take(results, places):
            await self._keep(late)

    async def _take(
        self, results: Sequence[ExecutionResult], places: Mapping[str, TicketPlace]
    ) -> list[tuple[TicketPlace, ExecutionResult]]:
        """Bring answers to where they belong, and return those whose workflow has ended."""
        at, kept = self._clock.now_ms(), Batch()
        plans: dict[str, list[tuple[TicketPlace, ExecutionResult]]] = {}
        for result in results:
            place = places.get(result.ticket_id)
            if place is None:
                kept.answers.append(answer_record(None, result, at, "unknown"))
                self._tally.answered("unknown")
            elif self._is_news(place, result, kept):
                plans.setdefault(place.workflow_id, []).append((place, result))
        brought = {name: self._brought(answers, at, kept) for name, answers in plans.items()}
        if not kept.empty:
            await self._ledger.commit(kept)
        heard = await self._heard(brought)
        # Only now: what did not arrive is brought again.
        self._note_alive(results)
        gone = [name for name, was in zip(brought, heard, strict=True) if not was]
        return [answer for name in gone for answer in plans[name]]

    async def _heard(self, brought: Mapping[str, list[Told]]) -> Sequence[bool]:
        """Return for each workflow whether it has heard what was brought to it."""
        calls = [self._telling.tell(WorkflowId(name), told) for name, told in brought.items()]
        if len(calls) == 1:
            return [await calls[0]]
        return await asyncio.gather(*calls)

    def _is_news(self, place: TicketPlace, result: ExecutionResult, kept: Batch) -> bool:
        """Return whether the workflow must hear of it: of a sign of life only the first time."""
        if result.status is not ExecutionStatus.RUNNING:
            return True
        if progress := result.result.metadata.get("progress"):
            key = place.workflow * TICKETS_PER_WORKFLOW + place.number
            kept.progress.append(ProgressRecord(progress[:PROGRESS_LENGTH_MAX], key))
        attempt = (result.ticket_id, attempt_of(result))
        if attempt in self._alive:
            self._tally.answered("heartbeat")
            return False
        return True

    def _note_alive(self, results: Sequence[ExecutionResult]) -> None:
        """Remember whose signs of life have arrived; an answer ends the life of its attempt."""
        for result in results:
            attempt = (result.ticket_id, attempt_of(result))
            if result.status is not ExecutionStatus.RUNNING:
                self._alive.pop(attempt, None)
                continue
            self._alive[attempt] = None
            if len(self._alive) > _ALIVE_MAX:
                self._alive.popitem(last=False)

    def _brought(
        self, answers: list[tuple[TicketPlace, ExecutionResult]], at: int, kept: Batch
    ) -> list[Told]:
        told = []
        for place, result in answers:
            body = result.model_dump_json()
            if len(body) > _TRAVELS_MAX:
                kept.answers.append(answer_record(place.workflow, result, at, "received"))
                body = _without_load(result).model_dump_json()
            told.append(Told(kind=Kind.RESULT, at=at, number=place.number, body=body))
        return told

    async def _keep_late(self, late: Sequence[tuple[TicketPlace, ExecutionResult]]) -> None:
        """Keep answers that came too late, unless what was remembered of their plan was wrong."""
        places = await self._places.find_anew([result.ticket_id for _, result in late])
        mistaken = [(place, one) for place, one in late if places.get(one.ticket_id) != place]
        await self._keep([one for one in late if one not in mistaken])
        if mistaken:
            again = await self._take([result for _, result in mistaken], places)
            await self._keep(again)

    async def _keep(self, late: Sequence[tuple[TicketPlace, ExecutionResult]]) -> None:
        at, batch = self._clock.now_ms(), Batch()
        for place, result in late:
            if result.status is not ExecutionStatus.RUNNING:
                batch.answers.append(answer_record(place.workflow, result, at, "too_late"))
                self._tally.answered("too_late")
        if not batch.empty:
            await self._ledger.commit(batch)


def _fail(waiting: Sequence[asyncio.Future[None]], error: OrchestratorError) -> None:
    for one in waiting:
        if not one.done():
            one.set_exception(error)
            one.exception()  # Looked at, in case its caller has gone.


def _without_load(result: ExecutionResult) -> ExecutionResult:
    said: Mapping[str, str] = result.result.metadata
    short = {name: said[name] for name in ("attempt", "retryable", "timed_out") if name in said}
    payload = result.result.model_copy(update={"output": {}, "logs": (), "metadata": short})
    error = result.error_message
    cut = None if error is None else error[:PROGRESS_LENGTH_MAX]
    return result.model_copy(update={"result": payload, "error_message": cut})
