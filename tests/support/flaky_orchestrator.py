"""An orchestrator that is away now and then, in front of one that is not."""

from collections import deque
from collections.abc import Awaitable, Mapping, Sequence

from orchestrator_dynamic.errors import InvalidInput, OrchestratorError
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import (
    Incoming,
    Orchestrator,
    Receipt,
    Reply,
    Request,
)


class FlakyOrchestrator:
    """An `Orchestrator`; what stands in `faults` is raised by the next calls, None lets one pass.

    Attributes:
        late: whether a fault of `hand_in` shows only when its receipt is awaited.
        taken: how many results each call of `take_results` brought.
    """

    def __init__(self, inner: Orchestrator, *faults: OrchestratorError | None) -> None:
        self.faults = deque(faults)
        self.late = False
        self.taken: list[int] = []
        self._inner = inner

    async def submit(
        self, data: bytes, headers: Mapping[str, bytes] | None = None, *, source: str
    ) -> Receipt:
        """As the port says."""
        self._fail()
        return await self._inner.submit(data, headers, source=source)

    async def hand_in(self, message: Incoming) -> Awaitable[Receipt]:
        """As the port says."""
        if self.late:
            return _checked(self._fault(), await self._inner.hand_in(message))
        self._fail()
        return await self._inner.hand_in(message)

    async def put_aside(self, message: Incoming, why: InvalidInput) -> None:
        """As the port says."""
        self._fail()
        await self._inner.put_aside(message, why)

    async def report(self, result: ExecutionResult) -> None:
        """As the port says."""
        self._fail()
        await self._inner.report(result)

    async def take_results(self, results: Sequence[ExecutionResult]) -> None:
        """As the port says."""
        self._fail()
        self.taken.append(len(results))
        await self._inner.take_results(results)

    async def request(self, request: Request) -> Reply:
        """As the port says."""
        self._fail()
        return await self._inner.request(request)

    async def open_workflows_of(self, plan_id: str) -> Sequence[WorkflowId]:
        """As the port says."""
        self._fail()
        return await self._inner.open_workflows_of(plan_id)

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """As the port says."""
        return await self._inner.outcome_of(workflow_id)

    def _fault(self) -> OrchestratorError | None:
        return self.faults.popleft() if self.faults else None

    def _fail(self) -> None:
        if (fault := self._fault()) is not None:
            raise fault


async def _checked(fault: OrchestratorError | None, receipt: Awaitable[Receipt]) -> Receipt:
    answer = await receipt
    if fault is not None:
        raise fault
    return answer
