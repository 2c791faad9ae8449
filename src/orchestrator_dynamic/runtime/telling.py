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
_CHARACTERS_MAX = 200_000

# Calls to the server at the same time, for all workflows together.
_CALLS_MAX = 64


class TellingInterrupted(Unavailable):
    """Whoever was telling a workflow, for others too, was stopped: tell it again."""


@dataclass(slots=True)
class _Line:
    """What is to be told to one workflow; each caller waits for the future beside its own."""

    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: list[tuple[Sequence[Told], asyncio.Future[bool]]] = field(default_factory=list)


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
        line = self._lines.setdefault(workflow_id, _Line())
        mine: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        line.waiting.append((told, mine))
        try:
            async with line.busy:
                while not mine.done():
                    await self._send(workflow_id, _portion(line.waiting))
            return mine.result()
        finally:
            if not line.waiting and not line.busy.locked():
                self._lines.pop(workflow_id, None)

    async def _send(
        self,
        workflow_id: WorkflowId,
        portion: list[tuple[Sequence[Told], asyncio.Future[bool]]],
    ) -> None:
        told = tuple(one for some, _ in portion for one in some)
        try:
            async with self._calls:
                heard = await self._workflows.tell(workflow_id, told)
        except (OrchestratorError, asyncio.CancelledError) as error:
            # Whoever is cancelled was sending for others too: they may try again.
            for _, waiting in portion:
                if not waiting.done():
                    waiting.set_exception(_for_others(error, workflow_id))
                    waiting.exception()  # Looked at, in case nobody waits any more.
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            for _, waiting in portion:
                if not waiting.done():
                    waiting.set_result(heard)


def _for_others(error: BaseException, workflow_id: WorkflowId) -> OrchestratorError:
    if isinstance(error, OrchestratorError):
        return error
    return TellingInterrupted(f"telling {workflow_id} was interrupted")


def _portion(
    waiting: list[tuple[Sequence[Told], asyncio.Future[bool]]],
) -> list[tuple[Sequence[Told], asyncio.Future[bool]]]:
    """Take from `waiting` what fits into one call, at least the first."""
    taken, items, characters = 0, 0, 0
    for told, _ in waiting:
        items += len(told)
        characters += sum(len(one.body) for one in told)
        if taken and (items > _ITEMS_MAX or characters > _CHARACTERS_MAX):
            break
        taken += 1
    portion, waiting[:taken] = waiting[:taken], []
    return portion
