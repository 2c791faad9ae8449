"""Telling workflows what has happened, as many things as there are in one call.

While a call to a workflow is under way, what else is to be told to it gathers and goes with the
next. So a busy plan hears of hundreds of answers at once, and a quiet one of each without delay.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator_dynamic.errors import OrchestratorError, Unavailable
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.ports.plan_workflows import PlanWorkflows, Told

# What one call may carry: a server refuses more than 2 MiB, and 256 KiB is where it warns.
_ITEMS_MAX = 500
_BYTES_MAX = 200_000

# What surrounds a body on its way.
_FRAME_BYTES = 150

# Calls to the server at the same time, for all workflows together.
_CALLS_MAX = 64


class TellingInterrupted(Unavailable):
    """Whoever was telling a workflow, for others too, was stopped: tell it again."""


@dataclass(slots=True, eq=False)
class _Wanted:
    """What a caller wants to be told, of which the first `sent` have been; it waits for `heard`."""

    told: Sequence[Told]
    heard: asyncio.Future[bool]
    sent: int = 0


@dataclass(slots=True)
class _Line:
    """What is to be told to one workflow, in order of arrival."""

    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[_Wanted] = field(default_factory=list)


class Telling:
    """Tells workflows; what one workflow is told keeps its order."""

    def __init__(self, workflows: PlanWorkflows) -> None:
        self._workflows = workflows
        self._lines: dict[WorkflowId, _Line] = {}
        self._calls = asyncio.Semaphore(_CALLS_MAX)

    async def tell(self, workflow_id: WorkflowId, told: Sequence[Told]) -> bool:
        """Return once the server has kept `told`; False where the workflow has ended.

        Raises:
            Unavailable: the server cannot be reached; tell it again.
        """
        if not told:
            return True
        line = self._lines.setdefault(workflow_id, _Line())
        mine = _Wanted(told, asyncio.get_running_loop().create_future())
        line.waiting.append(mine)
        try:
            async with line.busy:
                while not mine.heard.done():
                    await self._send(workflow_id, line.waiting)
            return mine.heard.result()
        finally:
            if mine in line.waiting:
                line.waiting.remove(mine)
            if not line.waiting and not line.busy.locked():
                self._lines.pop(workflow_id, None)

    async def _send(self, workflow_id: WorkflowId, waiting: list[_Wanted]) -> None:
        """Tell as much of what is `waiting` as goes into one call."""
        portion, concerned = _portion(waiting)
        try:
            async with self._calls:
                heard = await self._workflows.tell(workflow_id, portion)
        except OrchestratorError as error:
            _fail(waiting, concerned, error)
        except BaseException:
            # Whoever is stopped here was sending for others too: they may try again.
            interrupted = TellingInterrupted(f"telling {workflow_id} was interrupted")
            _fail(waiting, concerned, interrupted)
            raise
        else:
            for wanted in concerned:
                if wanted.sent == len(wanted.told) or not heard:
                    _settled(waiting, wanted).set_result(heard)


def _portion(waiting: Sequence[_Wanted]) -> tuple[tuple[Told, ...], list[_Wanted]]:
    """Return what goes into one call, at least one thing, and whom it is from."""
    portion: list[Told] = []
    concerned: list[_Wanted] = []
    size = 0
    for wanted in waiting:
        for told in wanted.told[wanted.sent :]:
            size += _size(told)
            if portion and (len(portion) == _ITEMS_MAX or size > _BYTES_MAX):
                return tuple(portion), concerned
            if wanted not in concerned[-1:]:
                concerned.append(wanted)
            portion.append(told)
            wanted.sent += 1
    return tuple(portion), concerned


def _size(told: Told) -> int:
    """Return how many bytes it takes: a text within texts, so that each quote becomes four."""
    body = told.body
    return len(body.encode()) + 3 * (body.count('"') + body.count("\\")) + _FRAME_BYTES


def _fail(waiting: list[_Wanted], concerned: Sequence[_Wanted], error: OrchestratorError) -> None:
    for wanted in concerned:
        settled = _settled(waiting, wanted)
        settled.set_exception(error)
        settled.exception()  # Looked at, in case nobody waits any more.


def _settled(waiting: list[_Wanted], wanted: _Wanted) -> asyncio.Future[bool]:
    """Take `wanted` out of the line, where its caller has not, and return what it waits for."""
    if wanted in waiting:
        waiting.remove(wanted)
    return wanted.heard
