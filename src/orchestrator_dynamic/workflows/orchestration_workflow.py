"""One plan as a Temporal workflow: it keeps order, time and intent, and decides nothing itself.

What is told to the plan arrives as signals and updates. The workflow gathers it and has one local
activity take a turn with all of it: there the core decides, the journal and the records become
durable, and tickets leave. The report of the turn says when time alone will change something, and
whether the plan has ended. So history holds what was told and small reports, never the plan; a turn
costs one workflow task; and as no rule of the core runs here, a deploy with other rules cannot
make a replay differ. Source: decision 0013.
"""

import asyncio
import json
from collections import deque
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import FailureError

from orchestrator_dynamic.ports.orchestrator import Action
from orchestrator_dynamic.ports.plan_workflows import (
    Order,
    Telling,
    TicketGlance,
    Told,
    Turn,
    TurnReport,
    Wish,
)
from orchestrator_dynamic.wire import told_text
from orchestrator_dynamic.workflows.request_rules import refuse_unless

TAKE_TURN = "take_turn"
OUTCOME = SearchAttributeKey.for_keyword("OrchOutcome")

# What one turn takes at most; more waits for the next. Each text holds up to 500 answers.
TURN_MAX = 4

# What waits is handed on to the next run in one piece, which must not be large; what is more than
# that is worked off first.
_HANDED_ON_MAX = 100_000

# The first pause, and the longest, after a turn that found an alarm not due yet.
_PAUSE_MIN_MS = 100
_PAUSE_MAX_MS = 2_000

# A turn waits for the store and the bus; where they are away it is tried again until they are back.
_TURN_TIMEOUT = timedelta(seconds=120)
_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=5),
)


@workflow.defn(name="OrchestrationWorkflow")
class OrchestrationWorkflow:
    """A plan on its way to its outcome, which is the workflow's result."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        self._order = order
        self._report = order.report
        self._inbox: deque[str] = deque(order.told)
        self._replies: dict[str, tuple[bool, str]] = {}
        self._asked = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0
        self._stopped = False
        self._not_before = 0
        self._in_vain = 0

    @workflow.run
    async def run(self, order: Order) -> str:
        """Take turns until the plan has its outcome, and return that."""
        while not self._done():
            self._set_timer()
            await workflow.wait_condition(lambda: self._must_act() or self._done())
            if workflow.info().is_continue_as_new_suggested() and self._can_be_handed_on():
                workflow.continue_as_new(self._successor())
            if self._must_act():
                await self._take_turn_or_stop()
        outcome = self._report.outcome or ""
        workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])
        return outcome

    @workflow.signal
    async def tell(self, told: str) -> None:
        """Hear what has happened: the text of any number of `Told`."""
        self._inbox.append(told)

    @workflow.update
    async def approve(self, wish: Wish) -> tuple[bool, str]:
        """Approve the plan or its steps; return whether that was possible, and a text."""
        return await self._ask(Action.APPROVE, wish)

    @workflow.update
    async def reject(self, wish: Wish) -> tuple[bool, str]:
        """Refuse the plan or its steps; return whether that was possible, and a text."""
        return await self._ask(Action.REJECT, wish)

    @workflow.update
    async def cancel(self, wish: Wish) -> tuple[bool, str]:
        """End the plan; return whether that was possible, and a text."""
        return await self._ask(Action.CANCEL, wish)

    @workflow.update
    async def pause(self, wish: Wish) -> tuple[bool, str]:
        """Release nothing more for now; return whether that was possible, and a text."""
        return await self._ask(Action.PAUSE, wish)

    @workflow.update
    async def resume(self, wish: Wish) -> tuple[bool, str]:
        """Go on; return whether that was possible, and a text."""
        return await self._ask(Action.RESUME, wish)

    @approve.validator
    def _can_approve(self, wish: Wish) -> None:
        refuse_unless(self._report, Action.APPROVE, wish)

    @reject.validator
    def _can_reject(self, wish: Wish) -> None:
        refuse_unless(self._report, Action.REJECT, wish)

    @cancel.validator
    def _can_cancel(self, wish: Wish) -> None:
        refuse_unless(self._report, Action.CANCEL, wish)

    @pause.validator
    def _can_pause(self, wish: Wish) -> None:
        refuse_unless(self._report, Action.PAUSE, wish)

    @resume.validator
    def _can_resume(self, wish: Wish) -> None:
        refuse_unless(self._report, Action.RESUME, wish)

    @workflow.query
    def status(self) -> TurnReport:
        """Return where the plan is: phase, counts, what it waits for."""
        return self._report

    @workflow.query
    def tickets(self) -> tuple[TicketGlance, ...]:
        """Return the tickets that are out, or wait for a retry, a worker or a person."""
        return self._report.under_way

    @workflow.query
    def why(self) -> str:
        """Return what the plan waits for, in words."""
        return self._report.why

    async def _ask(self, action: Action, wish: Wish) -> tuple[bool, str]:
        info = workflow.current_update_info()
        name = info.id if info else str(workflow.uuid4())
        body = json.dumps(
            {"action": action, "by": wish.by, "reason": wish.reason, "tasks": wish.tasks}
        )
        self._asked += 1
        try:
            told = Told(kind=Telling.REQUEST, at=_now_ms(), body=body, name=name)
            self._inbox.append(told_text.encode([told]))
            await workflow.wait_condition(lambda: name in self._replies or self._over())
            return self._replies.pop(name, (False, self._end()))
        finally:
            self._asked -= 1

    async def _take_turn_or_stop(self) -> None:
        """Take a turn; where that stops the plan for good, tell those who wait before it fails."""
        try:
            await self._take_turn()
        except FailureError:
            self._stopped = True
            await workflow.wait_condition(lambda: self._asked == 0)
            raise

    async def _take_turn(self) -> None:
        told = [self._inbox.popleft() for _ in range(min(len(self._inbox), TURN_MAX))]
        turn = Turn(
            workflow=self._order.workflow,
            workflow_id=self._order.workflow_id,
            seq=self._report.seq,
            told=tuple(told),
        )
        self._report = await workflow.execute_local_activity(
            TAKE_TURN,
            turn,
            result_type=TurnReport,
            start_to_close_timeout=_TURN_TIMEOUT,
            retry_policy=_RETRY,
        )
        self._replies.update(self._report.replies)
        self._mind_the_clock()

    def _successor(self) -> Order:
        return Order(
            workflow=self._order.workflow,
            workflow_id=self._order.workflow_id,
            told=tuple(self._inbox),
            report=self._report,
        )

    def _can_be_handed_on(self) -> bool:
        size = sum(len(text) for text in self._inbox)
        return self._asked == 0 and size <= _HANDED_ON_MAX

    def _over(self) -> bool:
        return self._stopped or self._report.outcome is not None

    def _end(self) -> str:
        if self._stopped:
            return "it was stopped by a fault of ours; its audit has more"
        return f"it has ended {self._report.outcome}"

    def _done(self) -> bool:
        """Whether nobody waits for anything more; what came after the end is kept as too late."""
        return self._over() and not self._inbox and self._asked == 0

    def _must_act(self) -> bool:
        return bool(self._inbox) or self._alarm_is_due()

    def _alarm(self) -> int | None:
        alarm = self._report.alarm
        return None if alarm is None else max(alarm, self._not_before)

    def _alarm_is_due(self) -> bool:
        alarm = self._alarm()
        return alarm is not None and alarm <= _now_ms()

    def _mind_the_clock(self) -> None:
        """Wait longer and longer where a turn was too early for an alarm that is due here.

        The clock of the process that takes turns may be behind the server's. Without a pause each
        turn would be followed by another at once, and every one of them is an event.
        """
        alarm, now = self._report.alarm, _now_ms()
        if alarm is None or alarm > now:
            self._in_vain = 0
            return
        pause_ms = min(_PAUSE_MIN_MS * 2**self._in_vain, _PAUSE_MAX_MS)
        self._not_before = now + pause_ms
        self._in_vain += 1

    def _set_timer(self) -> None:
        """Wake up for the alarm. A timer that is early is kept: it costs less than another one.

        Most turns move the alarm on, so that a timer of their own for each would be two events.
        """
        alarm = self._alarm()
        if alarm is None or self._alarm_is_due():
            return
        if self._timer is not None and self._timer_at <= alarm:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = alarm
        wait_s = (alarm - _now_ms()) / 1000
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._set_timer()


def _now_ms() -> int:
    return round(workflow.time() * 1000)
