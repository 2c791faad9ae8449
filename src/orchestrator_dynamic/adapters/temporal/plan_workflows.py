"""Plans as workflows of a Temporal server; what runs there is in `workflows/`."""

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from orchestrator_dynamic.adapters.temporal.connection import (
    CALL_TIMEOUT,
    TemporalUnavailable,
    names_no_namespace,
    translated,
)
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Reply, Request
from orchestrator_dynamic.ports.plan_workflows import (
    Order,
    PlanMarks,
    Told,
    TurnReport,
    Wish,
)
from orchestrator_dynamic.ports.standing import Standing
from orchestrator_dynamic.wire import told_text

WORKFLOW = "OrchestrationWorkflow"

INTENT = SearchAttributeKey.for_keyword("OrchIntent")
PLAN = SearchAttributeKey.for_keyword("OrchPlan")
DECISION = SearchAttributeKey.for_keyword("OrchDecision")
RISK_BAND = SearchAttributeKey.for_keyword("OrchRiskBand")
OUTCOME = SearchAttributeKey.for_keyword("OrchOutcome")
SEARCH_ATTRIBUTES = (INTENT, PLAN, DECISION, RISK_BAND, OUTCOME)

# What the server takes of a keyword.
_KEYWORD_LENGTH_MAX = 255

# What an operator says becomes part of a history, of which no piece may be large.
_WISH_LENGTH_MAX = 50_000


class TemporalPlanWorkflows:
    """`PlanWorkflows` over a client, which the caller owns."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.standing = Standing()
        self._client = client
        self._task_queue = task_queue

    async def start(self, order: Order, marks: PlanMarks) -> None:
        """As the port says."""
        with self._asking(f"starting {order.workflow_id}"):
            try:
                await self._client.start_workflow(
                    WORKFLOW,
                    order,
                    id=order.workflow_id,
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    search_attributes=_marks(marks),
                    rpc_timeout=CALL_TIMEOUT,
                )
            except WorkflowAlreadyStartedError:
                return

    async def tell(self, workflow_id: WorkflowId, told: tuple[Told, ...]) -> bool:
        """As the port says."""
        with self._asking(f"telling {workflow_id}"):
            try:
                await self._handle(workflow_id).signal(
                    "tell", told_text.encode(told), rpc_timeout=CALL_TIMEOUT
                )
            except RPCError as error:
                if _is_gone(error):
                    return False
                raise
            return True

    async def ask(self, request: Request, at: int) -> Reply:
        """As the port says; a repeat is another request, which finds the first one done."""
        workflow_id, wish = (
            request.workflow_id,
            Wish(by=request.by, reason=request.reason, tasks=request.tasks),
        )
        if (size := len(wish.by) + len(wish.reason or "") + sum(map(len, wish.tasks or ()))) > (
            _WISH_LENGTH_MAX
        ):
            return Reply(False, f"{size:,} characters are too long: {_WISH_LENGTH_MAX:,} at most")
        with self._asking(f"asking {workflow_id} to {request.action}"):
            try:
                accepted, text = await self._handle(workflow_id).execute_update(
                    request.action.value,
                    wish,
                    result_type=tuple[bool, str],
                    rpc_timeout=CALL_TIMEOUT,
                )
            except WorkflowUpdateFailedError as refused:
                return Reply(False, _why(refused))
            except WorkflowUpdateRPCTimeoutOrCancelledError as error:
                why = "nobody has answered; it may still be carried out"
                remedy = "see that `orq worker temporal` runs"
                raise TemporalUnavailable(f"{workflow_id}: {why}: {remedy}") from error
            except RPCError as error:
                if _is_gone(error):
                    return Reply(False, f"{workflow_id} is not open: it has ended or never was")
                raise
        return Reply(accepted, text)

    async def report(self, workflow_id: WorkflowId) -> TurnReport | None:
        """As the port says."""
        with self._asking(f"looking at {workflow_id}"):
            try:
                report: TurnReport = await self._handle(workflow_id).query(
                    "status", result_type=TurnReport, rpc_timeout=CALL_TIMEOUT
                )
            except WorkflowQueryFailedError:
                return None
            except RPCError as error:
                if _is_gone(error):
                    return None
                raise
        return report

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """As the port says."""
        with self._asking(f"waiting for {workflow_id}"):
            try:
                return Outcome(await self._handle(workflow_id).result())
            except WorkflowFailureError:
                return None
            except RPCError as error:
                if _is_gone(error):
                    return None
                raise

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        with self.standing.asking(), translated(what):
            yield

    def _handle(self, workflow_id: WorkflowId) -> WorkflowHandle[object, str]:
        return self._client.get_workflow_handle(workflow_id, result_type=str)


def _marks(marks: PlanMarks) -> TypedSearchAttributes:
    values = (
        (INTENT, marks.intent_id),
        (PLAN, marks.plan_id),
        (DECISION, marks.decision_id),
        (RISK_BAND, marks.risk_band),
    )
    return TypedSearchAttributes(
        [SearchAttributePair(key, value[:_KEYWORD_LENGTH_MAX]) for key, value in values]
    )


def _is_gone(error: RPCError) -> bool:
    return error.status is RPCStatusCode.NOT_FOUND and not names_no_namespace(error)


def _why(refused: WorkflowUpdateFailedError) -> str:
    cause = refused.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause)
