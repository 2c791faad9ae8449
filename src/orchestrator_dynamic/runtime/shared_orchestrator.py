"""An orchestrator over plans that any of several processes may drive.

It takes decisions and answers in, makes them durable, and passes them on to the plans' workflows;
what becomes of them is decided there. Any number of processes may do this at the same time.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.gate import Verdict, verdict_on
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.orchestrator import (
    Incoming,
    Receipt,
    Reception,
    Reply,
    Request,
)
from orchestrator_dynamic.ports.plan_workflows import (
    Order,
    PlanMarks,
    PlanWorkflows,
    Told,
)
from orchestrator_dynamic.ports.plan_workflows import (
    Telling as Kind,
)
from orchestrator_dynamic.ports.records import DeadLetterRecord, DecisionRecord, WorkflowRecord
from orchestrator_dynamic.ports.shared_ledger import Known, SharedLedger
from orchestrator_dynamic.runtime.dead_letters import letter_about
from orchestrator_dynamic.runtime.intake import Intake, NewPlan, Prepared
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.receipts import (
    TAKEN_BEFORE,
    conflict_letter,
    receipt_for,
    receipt_for_letter,
)
from orchestrator_dynamic.runtime.shared_results import SharedResults
from orchestrator_dynamic.runtime.tally import Tally
from orchestrator_dynamic.wire import fact_json, told_text

Offer = Callable[[int, NewPlan], None]


class SharedOrchestrator:
    """An `Orchestrator` that starts and tells workflows. Everything it is given, others close."""

    def __init__(
        self,
        *,
        ledger: SharedLedger,
        workflows: PlanWorkflows,
        results: SharedResults,
        intake: Intake,
        clock: Clock,
        policy: Policy,
        tally: Tally,
        workers: tuple[facts.WorkerSkills, ...] | None = None,
        on_dead_letter: Callable[[], None] = lambda: None,
        offer: Offer = lambda workflow, new: None,
    ) -> None:
        """Begin with nothing.

        Args:
            workers: those known where workers are in this process, None without a registry.
            on_dead_letter: is called when a message has been put aside.
            offer: is given each new plan with its key, before its workflow starts.
        """
        self._ledger = ledger
        self._workflows = workflows
        self._results = results
        self._intake = intake
        self._clock = clock
        self._policy = policy
        self._tally = tally
        self._workers = workers
        self._on_dead_letter = on_dead_letter
        self._offer = offer

    async def submit(
        self, data: bytes, headers: Mapping[str, bytes] | None = None, *, source: str
    ) -> Receipt:
        """As the port says."""
        return await (await self.hand_in(Incoming(data, source, headers or {})))

    async def hand_in(self, message: Incoming) -> Awaitable[Receipt]:
        """As the port says: what comes back does the rest when it is awaited."""
        prepared = await self._intake.prepare(message)
        if isinstance(prepared, DeadLetterRecord) and not message.kept_if_refused:
            return _Later(_refused, prepared)
        return _Later(self._taken_in, prepared)

    async def put_aside(self, message: Incoming, why: InvalidInput) -> None:
        """As the port says."""
        await self._put_aside(letter_about(message, why, self._clock.now_ms()))

    async def report(self, result: ExecutionResult) -> None:
        """As the port says, and once the answer is durable, too."""
        await self._results.report(result)

    async def take_results(self, results: Sequence[ExecutionResult]) -> None:
        """As the port says."""
        await self._results.take(results)

    async def request(self, request: Request) -> Reply:
        """As the port says."""
        return await self._workflows.ask(request, self._clock.now_ms())

    async def open_workflows_of(self, plan_id: str) -> Sequence[WorkflowId]:
        """As the port says."""
        return [WorkflowId(name) for name in await self._ledger.parked(plan_id)]

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """As the port says."""
        return await self._workflows.outcome_of(workflow_id)

    async def _taken_in(self, prepared: Prepared) -> Receipt:
        if isinstance(prepared, DeadLetterRecord):
            return await self._put_aside(prepared)
        at = self._clock.now_ms()
        known = await self._ledger.take_in(_decision_of(prepared, at), _workflow_of(prepared, at))
        if known.content_hash != prepared.content_hash:
            letter = conflict_letter(prepared, at)
            if not prepared.message.kept_if_refused:
                return receipt_for_letter(letter)
            return await self._put_aside(letter)
        if known.outcome is None:
            # Also where it was known: whoever took it in may have died before this.
            await self._begin(prepared, known, at)
        if known.new:
            return receipt_for(prepared, _reception(prepared, at))
        self._tally.repeated("decision")
        return receipt_for(prepared, Reception.DUPLICATE, TAKEN_BEFORE)

    async def _begin(self, new: NewPlan, known: Known, at: int) -> None:
        accepted = facts.DecisionAccepted(
            at=at,
            policy=self._policy,
            findings=new.findings,
            workers=self._workers,
            validation_ms=new.validation_ms,
            generation_ms=new.generation_ms,
            submitted_by=new.message.by,
            traceparent=new.traceparent,
        )
        first = Told(
            kind=Kind.FACT,
            at=at,
            name=accepted.kind,
            version=fact_json.version_of(accepted.kind),
            body=fact_json.encode(accepted),
        )
        decision = new.execution.state.decision
        if known.new:
            self._offer(known.workflow, new)
        await self._workflows.start(
            Order(
                workflow=known.workflow,
                workflow_id=known.workflow_id,
                told=(told_text.encode([first]),),
            ),
            PlanMarks(
                intent_id=decision.intent_id,
                plan_id=decision.plan_id,
                decision_id=decision.decision_id,
                risk_band=decision.cognitive_plan.risk_band.value,
            ),
        )

    async def _put_aside(self, letter: DeadLetterRecord) -> Receipt:
        await self._ledger.commit(Batch(dead_letters=[letter]))
        self._tally.put_aside(letter.reason)
        self._on_dead_letter()
        return receipt_for_letter(letter)


T = TypeVar("T")


class _Later(Generic[T]):
    """Something that is done when somebody waits for it, and not at all where nobody does."""

    def __init__(self, work: Callable[[T], Any], prepared: T) -> None:
        self._work, self._prepared = work, prepared

    def __await__(self) -> Generator[Any, None, Receipt]:
        receipt: Receipt = yield from self._work(self._prepared).__await__()
        return receipt


async def _refused(letter: DeadLetterRecord) -> Receipt:
    """Say why a message is refused whose sender still has it."""
    return receipt_for_letter(letter)


def _decision_of(new: NewPlan, at: int) -> DecisionRecord:
    decision_id = new.execution.state.decision.decision_id
    return DecisionRecord(
        0, decision_id, new.content_hash, new.envelope, new.message.source, at, new.canonical
    )


def _workflow_of(new: NewPlan, at: int) -> WorkflowRecord:
    return OpenPlan(0, new.execution).workflow_record()._replace(accepted_at=at)


def _reception(new: NewPlan, at: int) -> Reception:
    """Return what the first turn will make of the decision."""
    match verdict_on(new.execution.state.decision, new.findings, at)[0]:
        case Verdict.RUN:
            return Reception.STARTED
        case Verdict.PARK:
            return Reception.PARKED
        case Verdict.REJECT | Verdict.EXPIRE | Verdict.REFUSE_INVALID:
            return Reception.RECORDED
