"""The embedded engine: takes letters in bulk, applies facts, commits once, then acts.

A turn is: take what has arrived, tell it to the plans it concerns, make facts and records durable
in one commit, and only then let anybody see what follows. Nothing is awaited between reading a
plan's state and acting on it. If the commit fails the engine stops before it has told anybody
anything; the journal then holds the last turn that succeeded, and a restart goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from orchestrator_dynamic.core import facts
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.core.ticket_factory import message_of
from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import TicketId, WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.models.worker import AnswerFate, HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.clock import Clock
from orchestrator_dynamic.ports.ledger import Ledger
from orchestrator_dynamic.ports.orchestrator import Incoming, Receipt, Reply, Request
from orchestrator_dynamic.ports.records import DeadLetterRecord
from orchestrator_dynamic.ports.ticket_bus import TicketBus
from orchestrator_dynamic.ports.topics import Topics
from orchestrator_dynamic.runtime import halting, recovery, reporting
from orchestrator_dynamic.runtime.admission import Admission
from orchestrator_dynamic.runtime.dead_letters import letter_about
from orchestrator_dynamic.runtime.intake import Intake, Prepared
from orchestrator_dynamic.runtime.letters import (
    Answers,
    Demand,
    EngineStopped,
    GivenBack,
    Letter,
    Milestone,
    Report,
    Returned,
    Submission,
    Workforce,
)
from orchestrator_dynamic.runtime.mailbox import Mailbox
from orchestrator_dynamic.runtime.open_plan import OpenPlan
from orchestrator_dynamic.runtime.plans import OpenPlans
from orchestrator_dynamic.runtime.receipts import receipt_for_letter
from orchestrator_dynamic.runtime.record_copy import DeferredCopy, RecordCopy
from orchestrator_dynamic.runtime.step import Changed, Onlooker, Step
from orchestrator_dynamic.runtime.tally import Tally, open_one
from orchestrator_dynamic.runtime.teller import Teller
from orchestrator_dynamic.runtime.timers import Timers
from orchestrator_dynamic.runtime.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLimits:
    """How much the engine takes at once.

    Attributes:
        mailbox_capacity: letters that wait; whoever brings more is made to wait.
        commit_batch_max: letters that share one commit.
        handover_patience_s: how long a hand-over may wait for company before it is committed.
        request_poll_s: how often operators' requests from other processes are looked for.
    """

    mailbox_capacity: int = 10_000
    commit_batch_max: int = 1_000
    handover_patience_s: float = 0.05
    request_poll_s: float = 0.25


class Engine:
    """An `Orchestrator` in one process. Run it with `run`; everything it is given, others close."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        bus: TicketBus,
        intake: Intake,
        clock: Clock,
        chance: Callable[[], float],
        policy: Policy,
        topics: Topics,
        metrics: Metrics,
        limits: EngineLimits,
        copy: RecordCopy | DeferredCopy | None = None,
        tickets_outlive_us: bool = False,
        on_messages: Callable[[], None] | None = None,
        onlookers: Sequence[Onlooker] = (),
    ) -> None:
        """Begin with no plan.

        Args:
            copy: where every record goes before anybody sees what follows from it; None where the
                ledger is all there is.
            tickets_outlive_us: whether the bus is a broker, and workers are elsewhere.
            on_messages: is called when there is something new in the outbox.
            onlookers: are shown each turn once it is durable, in the event loop: keep it short.
        """
        self._ledger = ledger
        self._copy = copy
        self._tickets_outlive_us = tickets_outlive_us
        self._on_messages = on_messages
        self._onlookers = (reporting.tell, *onlookers)
        self._bus = bus
        self._intake = intake
        self._clock = clock
        self._topics = topics
        self._limits = limits
        self._tally = Tally(metrics)
        metrics.before_fetch(self._refresh_gauges)
        self._timers = Timers()
        self._stopping = False
        self._later: dict[int, Changed] = {}
        self._beats: dict[TicketId, Report] = {}
        self._outcomes: dict[WorkflowId, asyncio.Future[Outcome | None]] = {}
        self.mailbox = Mailbox(limits.mailbox_capacity, limits.handover_patience_s)
        self.plans = OpenPlans(ledger)
        self._teller = Teller(chance)
        self._admission = Admission(self.plans, ledger, policy, self._teller)
        self._turn = Turn(self.plans, self._admission, self._teller)
        self._step = self._begin(0)

    async def submit(
        self, data: bytes, headers: Mapping[str, bytes] | None = None, *, source: str
    ) -> Receipt:
        """As the port says."""
        return await (await self.hand_in(Incoming(data, source, headers or {})))

    async def hand_in(self, message: Incoming) -> Awaitable[Receipt]:
        """As the port says."""
        prepared = await self._intake.prepare(message)
        if isinstance(prepared, DeadLetterRecord) and not message.kept_if_refused:
            told: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            told.set_result(receipt_for_letter(prepared))
            return told
        return await self._submitted(prepared)

    async def put_aside(self, message: Incoming, why: InvalidInput) -> None:
        """As the port says."""
        letter = letter_about(message, why, self._clock.now_ms())
        await (await self._submitted(letter))

    async def _submitted(self, prepared: Prepared) -> Awaitable[Receipt]:
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        await self.mailbox.put(Submission(self._clock.now_ms(), prepared, answer))
        return answer

    async def report(self, result: ExecutionResult) -> None:
        """As the port says."""
        await self.mailbox.put(Report(self._clock.now_ms(), result))

    async def take_results(self, results: Sequence[ExecutionResult]) -> None:
        """As the port says."""
        for result in results:
            await self.report(result)
        await self.durable()

    async def durable(self) -> None:
        """Return once everything that has reached the mailbox before is durable."""
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self.mailbox.put(Milestone(reached))
        await reached

    async def answers(self, results: Sequence[ExecutionResult]) -> Sequence[AnswerFate]:
        """Take workers' answers; return once they are durable, with what became of each."""
        fates: asyncio.Future[Sequence[AnswerFate]] = asyncio.get_running_loop().create_future()
        await self.mailbox.put(Answers(self._clock.now_ms(), results, fates))
        return await fates

    def given_back(self, attempts: Sequence[tuple[TicketId, int]]) -> None:
        """Take back attempts that nobody has begun: the same ones go out again."""
        self.mailbox.put_patiently(GivenBack(self._clock.now_ms(), attempts))

    def workers_are(self, workers: tuple[facts.WorkerSkills, ...]) -> None:
        """Tell all plans, open and to come, which workers are known now."""
        self.mailbox.put_patiently(Workforce(self._clock.now_ms(), workers))

    def refused(self, result: ExecutionResult) -> None:
        """Take the word that the bus will not have a ticket, as if a worker had failed it."""
        self.mailbox.put_patiently(Report(self._clock.now_ms(), result))

    def heartbeat(self, beat: ExecutionResult, attempt: int) -> HeartbeatVerdict:
        """Take a sign of life, and say whether that attempt is to go on."""
        plan, _, number = self.plans.find(beat.ticket_id)
        if plan is None or number is None:
            return HeartbeatVerdict.SUPERSEDED
        ticket = plan.state.tickets[number]
        if plan.state.cancel_until is not None:
            return HeartbeatVerdict.CANCELLED
        if not ticket.in_flight or ticket.attempt != attempt:
            return HeartbeatVerdict.SUPERSEDED
        # Only the latest of each ticket is kept, so that a talkative handler fills no memory.
        self._beats[beat.ticket_id] = Report(self._clock.now_ms(), beat)
        self.mailbox.ring_soon()
        return HeartbeatVerdict.GO_ON

    async def request(self, request: Request) -> Reply:
        """As the port says."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        await self.mailbox.put(Demand(self._clock.now_ms(), request, answer))
        return await answer

    async def open_workflows_of(self, plan_id: str) -> Sequence[WorkflowId]:
        """As the port says."""
        states = (plan.state for plan in self.plans)
        return [one.workflow_id for one in states if one.decision.plan_id == plan_id]

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """As the port says."""
        if self.plans.by_id(workflow_id) is None:
            recorded = self._ledger.outcome_of(workflow_id)
            return None if recorded is None else Outcome(recorded)
        loop = asyncio.get_running_loop()
        waiting = self._outcomes.setdefault(workflow_id, loop.create_future())
        return await asyncio.shield(waiting)

    def stop(self) -> None:
        """Take what is in the mailbox, make it durable, and end `run`."""
        self._stopping = True
        self.mailbox.ring()

    async def recover(
        self,
        profiles: Sequence[WorkerProfile] | None,
        adopt: Callable[[ExecutionTicket, str], None] | None = None,
    ) -> int:
        """Take up all open plans with these workers, and return how many there are.

        Args:
            profiles: the workers of this process; None where there is no registry of workers.
            adopt: is given each attempt of a worker that is none of `profiles`, and may live on,
                with the worker's name; None where all workers died with the process before.
        """
        ours = frozenset(profile.worker_id for profile in profiles or ())
        self._admission.workers = skills_of(profiles)
        step = self._begin(self._clock.now_ms())
        for found in recovery.recovered(self._ledger):
            if isinstance(found, recovery.Broken):
                halting.halt(found.plan, "its journal", found.why, step)
                continue
            self.plans.add(found)
            step.plans[found.workflow] = found
            told = recovery.facts_of_restart(
                found,
                self._admission.workers,
                step.at,
                outlived=self._tickets_outlive_us,
                died=None if adopt is None else ours,
            )
            for fact in told:
                self._teller.tell(found, fact, step)
            for number, _ in found.execution.attempts_in(Stage.RUNNING):
                self.plans.ticket_out(found, number, found.state.tickets[number].ticket_id)
                if adopt is not None and (agent := found.state.tickets[number].agent):
                    adopt(message_of(found.state, number), agent)
        await self._finish(step)
        return len(self.plans)

    async def run(self) -> None:
        """Take turns until stopped.

        Raises:
            StorageFailed: a commit failed; nobody was told anything of it.
        """
        try:
            await self._take_turns()
        except Exception:
            # Nobody shall wait for an answer that will not come; one who cancels us cancels them.
            stopped = EngineStopped("the engine has stopped; hand it in again when it is back")
            self._step.abandon(stopped)
            self.mailbox.close(stopped)
            raise

    async def _take_turns(self) -> None:
        asked_at = 0.0
        loop = asyncio.get_running_loop()
        self._set_alarm(self._clock.now_ms())
        while not self._stopping or len(self.mailbox):
            await self.mailbox.wait()
            now = self._clock.now_ms()
            step = self._step = self._begin(now)
            self._admission.begin_turn()
            self._turn.take([*self._take_beats(), *self._take_letters()], step)
            self._turn.pass_time(self._timers.take_due(now), step)
            if loop.time() - asked_at >= self._limits.request_poll_s:
                asked_at = loop.time()
                for asked in self._ledger.requests():
                    self._turn.answer_from_outside(asked, step)
            await self._finish(step)
            self._set_alarm(now)
        await self._finish(self._begin(self._clock.now_ms()))

    def _begin(self, at: int) -> Step:
        return Step(at, self._topics, self._tally, self._later)

    def _take_letters(self) -> list[Letter]:
        return self.mailbox.take(self._limits.commit_batch_max)

    def _take_beats(self) -> Iterable[Letter]:
        beats, self._beats = self._beats, {}
        return beats.values()

    async def _finish(self, step: Step) -> None:
        """Make the turn durable, wherever it must be, then let everybody see it."""
        for plan, number, dispatch in step.dispatches:
            self.plans.ticket_out(plan, number, dispatch.ticket.ticket_id)
        batch = step.close()
        self._later = step.later
        if self._copy is not None:
            batch.number, batch.copied = self._copy.next_number, self._copy.done
        if not batch.empty:
            began = perf_counter()
            await self._ledger.commit(batch)
            self._tally.committed(perf_counter() - began)
        for plan in step.plans.values():
            self._timers.set(plan.workflow, plan.execution.alarm)
        if self._copy is None or batch.empty:
            self._show(step)
        else:
            await self._copy.put(batch, lambda: self._show(step))

    def _show(self, step: Step) -> None:
        """Let everybody see a turn that is durable."""
        if step.dispatches:
            self._bus.publish([dispatch for _, _, dispatch in step.dispatches])
        for ticket in step.over:
            self.plans.ticket_over(ticket.ticket_id)
            self._bus.forget(ticket.ticket_id, ticket.attempt)
        if step.cancelled and (unasked := self._bus.cancel(step.cancelled)):
            self.mailbox.put_patiently(Returned(self._clock.now_ms(), tuple(unasked)))
        if self._on_messages and (step.batch.messages or step.batch.dead_letters):
            self._on_messages()
        step.give_answers()
        for plan in (*step.ended, *step.halted):
            self._forget(plan)
        if step.batch.workflows:
            self._tally.plans_ended(step.ended)
        for look in self._onlookers:
            look(step)

    def _refresh_gauges(self) -> None:
        opened = [open_one(plan.state) for plan in self.plans]
        self._tally.open_plans(opened, self._clock.now_ms())

    def _forget(self, plan: OpenPlan) -> None:
        self.plans.remove(plan)
        self._timers.set(plan.workflow, None)
        if waiting := self._outcomes.pop(plan.state.workflow_id, None):
            waiting.set_result(plan.state.outcome)

    def _set_alarm(self, now: int) -> None:
        """Come back for the next moment of any plan, and for operators in other processes."""
        earliest = self._timers.earliest()
        wait_s = self._limits.request_poll_s
        if earliest is not None:
            wait_s = min(wait_s, max(0, earliest - now) / 1000)
        self.mailbox.ring_in(wait_s)


def skills_of(profiles: Sequence[WorkerProfile] | None) -> tuple[facts.WorkerSkills, ...] | None:
    """Return what these workers can, sorted, so that the same workers are always the same fact."""
    if profiles is None:
        return None
    skills = {
        facts.WorkerSkills(
            tuple(sorted(task_type.value for task_type in profile.task_types)),
            tuple(sorted(profile.capabilities)),
        )
        for profile in profiles
    }
    return tuple(sorted(skills, key=lambda one: (one.task_types, one.capabilities)))
