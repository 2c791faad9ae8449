"""One turn of a plan whose workflow a server keeps: the core decides, the world is told.

The same steps as a turn of the embedded engine, in the same order: facts and records become
durable first, then tickets leave, then their hand-over becomes durable. A turn may be taken again,
by the same process or by another, at any point: what the journal has beyond the fact that the
workflow knows of was begun by a turn that did not end, and is carried out once more.
"""

import random
from collections.abc import Awaitable, Callable, Sequence

from temporalio import activity
from temporalio.exceptions import ApplicationError

from orchestrator_dynamic.activities.retelling import retell
from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.ticket import IN_FLIGHT, Ticket
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.orchestrator import Reply
from orchestrator_dynamic.ports.plan_workflows import Telling, Told, Turn, TurnReport
from orchestrator_dynamic.ports.records import TicketPlace
from orchestrator_dynamic.ports.shared_ledger import Overtaken, SharedLedger
from orchestrator_dynamic.ports.ticket_publisher import Refusal, TicketPublisher
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime import halting, reporting
from orchestrator_dynamic.runtime.halting import HALTED
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.operators import request_in
from orchestrator_dynamic.runtime.plan_replicas import PlanReplicas
from orchestrator_dynamic.runtime.refusals import result_of_refusal
from orchestrator_dynamic.runtime.step import Onlooker, Step
from orchestrator_dynamic.runtime.tally import Tally
from orchestrator_dynamic.runtime.teller import Teller
from orchestrator_dynamic.runtime.ticket_places import TicketPlaces
from orchestrator_dynamic.runtime.turn_report import report_on
from orchestrator_dynamic.wire import fact_json, told_text

# So often a turn begins anew at once; then whoever calls waits a moment before it does.
_OVERTAKEN_MAX = 3


class PlanTurns:
    """Takes turns. Everything it is given, others close."""

    def __init__(
        self,
        *,
        ledger: SharedLedger,
        publisher: TicketPublisher,
        places: TicketPlaces,
        replicas: PlanReplicas,
        clock: Clock,
        topics: Topics,
        tally: Tally,
        on_messages: Callable[[], None],
        bring_home: Callable[[Sequence[ExecutionResult]], Awaitable[None]],
        onlookers: Sequence[Onlooker] = (),
    ) -> None:
        """Take turns from now on.

        Args:
            on_messages: is called when there is something new in the outbox.
            bring_home: takes answers that came to the wrong plan, to find the right one anew.
            onlookers: are shown what each turn has made durable, in the event loop.
        """
        self._ledger = ledger
        self._publisher = publisher
        self._places = places
        self._replicas = replicas
        self._clock = clock
        self._topics = topics
        self._tally = tally
        self._on_messages = on_messages
        self._bring_home = bring_home
        self._onlookers = (reporting.tell, *onlookers)
        self._teller = Teller(random.random)

    @activity.defn(name="take_turn")
    async def take_turn(self, turn: Turn) -> TurnReport:
        """Return where the plan is after this turn.

        Raises:
            Unavailable: the store or the bus is away; the turn may be taken again.
            ApplicationError: the plan's books do not add up; nobody may go on with it.
        """
        for _ in range(_OVERTAKEN_MAX):
            try:
                return await self._taken(turn)
            except Overtaken:
                # Another process took this turn and was thought dead: go on from what it wrote.
                continue
        return await self._taken(turn)

    async def _taken(self, turn: Turn) -> TurnReport:
        told = [one for text in turn.told for one in told_text.decode(text)]
        async with self._replicas.borrowed(turn.workflow_id, turn.seq) as replica:
            plan, step, replies = replica.plan, self._step(), dict[str, Reply]()
            strays: Sequence[str] = ()
            if replica.broken is None:
                news, replies = retell(replica, told, self._teller, step)
                strays = [one.body for one in news if _is_astray(plan, one)]
                news = [one for one in news if not _is_astray(plan, one)]
                replies |= self._tell_all(plan, news, step)
                if _is_due(plan, step.at):
                    self._teller.time_passed(plan, step)
            else:
                halting.halt(plan, "its journal", replica.broken, step)
            await self._ledger.commit(step.close())
            changed = [*step.changed_tickets(), *await self._show(plan, step)]
            if strays:
                await self._bring_home([*map(ExecutionResult.model_validate_json, strays)])
            if plan.halted:
                message = f"{turn.workflow_id} was stopped by a fault of ours; its audit has more"
                raise ApplicationError(message, type=HALTED, non_retryable=True)
            return report_on(plan, changed, replies)

    def _tell_all(
        self,
        plan: OpenPlan,
        all_told: Sequence[Told],
        step: Step,
    ) -> dict[str, Reply]:
        replies: dict[str, Reply] = {}
        for told in all_told:
            match told.kind:
                case Telling.FACT:
                    self._tell_fact(plan, told, step)
                case Telling.RESULT:
                    result = ExecutionResult.model_validate_json(told.body)
                    self._teller.answered(plan, told.number or 0, result, told.at, step)
                case Telling.REQUEST:
                    request = request_in(told.body, plan.state.workflow_id)
                    replies[told.name] = self._teller.requested(plan, request, told.at, step)
                case Telling.RESTARTED:
                    for stage in IN_FLIGHT:
                        out = [number for number, _ in plan.execution.attempts_in(stage)]
                        self._teller.returned(plan, out, told.at, step)
        return replies

    def _tell_fact(self, plan: OpenPlan, told: Told, step: Step) -> None:
        fact = fact_json.decode(told.name, told.version, told.body)
        if not isinstance(fact, facts.DecisionAccepted):
            self._teller.tell(plan, fact, step)
        elif plan.seq == 0:
            self._teller.accepted(plan, fact, step)

    def _step(self, before: Step | None = None) -> Step:
        carried = None if before is None else before.later
        return Step(self._clock.now_ms(), self._topics, self._tally, carried)

    async def _show(self, plan: OpenPlan, step: Step) -> list[Ticket]:
        """Let everybody see a turn that is durable, and return the tickets that this changed."""
        refusals: Sequence[Refusal] = ()
        if step.dispatches:
            self._places.note(_places_in(plan, step))
            leaving = [dispatch for _, _, dispatch in step.dispatches]
            refusals = await self._publisher.publish(leaving)
        returned: Sequence[str] = ()
        if step.cancelled:
            returned = await self._publisher.cancel(step.cancelled)
        for ticket in step.over:
            self._publisher.forget(ticket.ticket_id, ticket.attempt)
        if step.batch.messages or step.batch.dead_letters:
            self._on_messages()
        for look in self._onlookers:
            look(step)
        self._tally.plans_ended(step.ended)
        if not (step.dispatches or returned):
            return []
        return await self._note_handover(plan, step, returned, refusals)

    async def _note_handover(
        self,
        plan: OpenPlan,
        step: Step,
        returned: Sequence[str],
        refusals: Sequence[Refusal],
    ) -> list[Ticket]:
        after = self._step(step)
        if out := [(number, dispatch.attempt) for _, number, dispatch in step.dispatches]:
            self._teller.handed_over(plan, out, after.at, (), after)
        number_of = {dispatch.ticket.ticket_id: number for _, number, dispatch in step.dispatches}
        for refusal in refusals:
            result = result_of_refusal(refusal, after.at)
            self._teller.answered(plan, number_of[refusal.ticket_id], result, after.at, after)
        if returned:
            numbers = [n for n, t in enumerate(plan.state.tickets) if t.ticket_id in returned]
            self._teller.returned(plan, numbers, after.at, after)
        await self._ledger.commit(after.close())
        return [*after.changed_tickets(), *await self._show(plan, after)]


def _is_astray(plan: OpenPlan, told: Told) -> bool:
    """Return whether an answer came to the wrong plan, by a cache that was wrong about it."""
    if told.kind is not Telling.RESULT or plan.seq == 0:
        return False
    number, tickets = told.number or 0, plan.state.tickets
    return number >= len(tickets) or tickets[number].ticket_id not in told.body


def _is_due(plan: OpenPlan, at: int) -> bool:
    alarm = plan.execution.alarm
    return alarm is not None and alarm <= at


def _places_in(plan: OpenPlan, step: Step) -> dict[str, TicketPlace]:
    workflow_id = plan.state.workflow_id
    return {
        dispatch.ticket.ticket_id: TicketPlace(plan.workflow, workflow_id, number)
        for _, number, dispatch in step.dispatches
    }
