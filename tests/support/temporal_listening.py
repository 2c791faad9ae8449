"""Workflows that only listen: a `PlanWorkflows` in memory, with a gate and faults."""

import asyncio
from collections import deque
from collections.abc import Collection

from temporalio.contrib.pydantic import pydantic_data_converter

from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Reply, Request
from orchestrator_dynamic.ports.plan_workflows import Order, PlanMarks, Told, TurnReport
from orchestrator_dynamic.wire import told_text

_MANY = 10_000


class ListeningWorkflows:
    """Keeps every call that was heard.

    Attributes:
        calls: what each workflow was told, call by call.
        started: the orders that came, and the marks.
    """

    def __init__(self, ended: Collection[WorkflowId] = ()) -> None:
        self.calls: dict[WorkflowId, list[tuple[Told, ...]]] = {}
        self.started: list[tuple[Order, PlanMarks]] = []
        self._ended = ended
        self._open = asyncio.Semaphore(_MANY)
        self._called = asyncio.Event()
        self._faults: deque[Exception | None] = deque()

    def hold(self) -> None:
        """Let the next calls wait."""
        self._open = asyncio.Semaphore(0)
        self._called.clear()

    def let_go(self, calls: int = _MANY) -> None:
        """Let those that wait go on, or only so many of them."""
        self._called.clear()
        for _ in range(calls):
            self._open.release()

    def fail_next(self, error: Exception, *, after: int = 0) -> None:
        """Let a call fail: the next, or the one after so many others."""
        self._faults.extend([None] * after)
        self._faults.append(error)

    async def called(self) -> None:
        """Return when a call has come."""
        await self._called.wait()

    @staticmethod
    def size_of(call: tuple[Told, ...]) -> int:
        """Return how many bytes a call is in a history."""
        payloads = pydantic_data_converter.payload_converter.to_payloads([told_text.encode(call)])
        return sum(len(payload.data) for payload in payloads)

    async def start(self, order: Order, marks: PlanMarks) -> None:
        """As the port says."""
        self._raise_fault()
        self.started.append((order, marks))

    async def tell(self, workflow_id: WorkflowId, told: tuple[Told, ...]) -> bool:
        """As the port says."""
        self._called.set()
        await self._open.acquire()
        self._raise_fault()
        self.calls.setdefault(workflow_id, []).append(told)
        return workflow_id not in self._ended

    async def ask(self, request: Request, at: int) -> Reply:
        """As the port says, of a workflow that does everything."""
        return Reply(True, f"{request.action} at {at}")

    async def report(self, workflow_id: WorkflowId) -> TurnReport | None:
        """As the port says, of workflows that nobody knows."""
        return None

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """As the port says, of workflows that nobody knows."""
        return None

    def _raise_fault(self) -> None:
        if self._faults and (fault := self._faults.popleft()) is not None:
            raise fault
