"""One plan's life as its driver lives it: facts go in, and all that was asked for is kept."""

from collections.abc import Sequence
from typing import TypeVar

from orchestrator_dynamic.core import commands, facts
from orchestrator_dynamic.core.commands import Command
from orchestrator_dynamic.core.execution_state import ExecutionState
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.core.ticket import Stage, Ticket
from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.cognitive_plan import TaskNode
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from tests.support.messages import NOON, a_decision, a_plan
from tests.support.plans import an_execution

_C = TypeVar("_C", bound=Command)

# An answer that echoes whichever attempt its ticket is at.
PRESENT = -1
UNDO = "undo "

# More than any plan of a test needs, so that an alarm that rings for ever is seen.
RINGS_MAX = 2_000


class Story:
    """A plan under way, with verbs for what befalls it.

    Tickets go by the names of their tasks; the ticket that undoes `a` is called `undo a`.

    Attributes:
        now: the clock, in epoch milliseconds; it moves only when told to.
        journal: the facts so far.
        asked: the commands so far, in order.
        latest: the commands that the last fact asked for.
    """

    def __init__(self, decision: ConsolidatedDecision, now: int = NOON) -> None:
        self.execution = an_execution(decision)
        self.now = now
        self.journal: list[facts.Fact] = []
        self.asked: list[Command] = []
        self.latest: list[Command] = []
        self._numbers: dict[str, int] = {
            t.task_id: n for n, t in enumerate(decision.cognitive_plan.tasks)
        }

    @property
    def state(self) -> ExecutionState:
        """The plan's present state."""
        return self.execution.state

    @property
    def ended(self) -> bool:
        """Whether the plan has come to its outcome."""
        return self.execution.outcome is not None

    def tell(self, fact: facts.Fact) -> list[Command]:
        """Let `fact` happen, and return what it asked for."""
        self.now = max(self.now, fact.at)
        self.journal.append(fact)
        self.latest = self.execution.apply(fact)
        self.asked += self.latest
        return self.latest

    # What befalls the plan.

    def accept(
        self,
        policy: Policy | None = None,
        *findings: Finding,
        workers: tuple[facts.WorkerSkills, ...] | None = None,
    ) -> None:
        """The decision is taken in; C1 has found this, and the registry knows these workers."""
        self.tell(
            facts.DecisionAccepted(
                at=self.now, policy=policy or Policy(), findings=findings, workers=workers
            )
        )

    def approve(self, *names: str, by: str = "ann", reason: str | None = None) -> None:
        """A person approves these steps; without names, everything that waits."""
        steps = tuple(self.ticket(name).number for name in names) or None
        self.tell(facts.ApprovalGiven(at=self.now, by=by, reason=reason, tickets=steps))

    def refuse(self, *names: str, by: str = "bob", reason: str | None = None) -> None:
        """A person refuses these steps; without names, everything that waits."""
        steps = tuple(self.ticket(name).number for name in names) or None
        self.tell(facts.ApprovalRefused(at=self.now, by=by, reason=reason, tickets=steps))

    def cancel(self, by: str = "ann", reason: str | None = None) -> None:
        """Somebody wants the plan to end."""
        self.tell(facts.CancelRequested(at=self.now, by=by, reason=reason))

    def pause(self, by: str = "ann", reason: str | None = None) -> None:
        """Somebody wants nothing more to be released."""
        self.tell(facts.PauseRequested(at=self.now, by=by, reason=reason))

    def resume(self, by: str = "ann", reason: str | None = None) -> None:
        """Somebody wants the plan to go on."""
        self.tell(facts.ResumeRequested(at=self.now, by=by, reason=reason))

    def workers(self, *workers: facts.WorkerSkills) -> None:
        """The registry knows these workers now."""
        self.tell(facts.WorkersChanged(at=self.now, workers=workers))

    # What befalls a ticket.

    def confirm(self, *names: str, agents: tuple[str, ...] = ()) -> None:
        """The bus has taken these tickets; without names, all that were handed to it."""
        wanted = [self.ticket(name) for name in names] or self.tickets_in(Stage.PUBLISHING)
        attempts = tuple((ticket.number, ticket.attempt) for ticket in wanted)
        self.tell(facts.TicketsPublished(at=self.now, tickets=attempts, agents=agents))

    def give_back(self, *names: str) -> None:
        """The workers that held these tickets are gone."""
        held = [self.ticket(name) for name in names]
        attempts = tuple((ticket.number, ticket.attempt) for ticket in held)
        self.tell(facts.TicketsReturned(at=self.now, tickets=attempts))

    def start(self, name: str, attempt: int | None = PRESENT) -> None:
        """A worker gives a sign of life."""
        number, echoed = self._address(name, attempt)
        self.tell(facts.TicketStarted(at=self.now, ticket=number, attempt=echoed, agent="w-1"))

    def succeed(self, *names: str, attempt: int | None = PRESENT) -> None:
        """A worker completes each of these tickets, in this order."""
        for name in names:
            number, echoed = self._address(name, attempt)
            self.tell(
                facts.TicketSucceeded(at=self.now, ticket=number, attempt=echoed, agent="w-1")
            )

    def fail(
        self,
        name: str,
        error: str = "it broke",
        *,
        retryable: bool = True,
        attempt: int | None = PRESENT,
        chance: float = 0.5,
    ) -> None:
        """A worker fails a ticket."""
        number, echoed = self._address(name, attempt)
        self.tell(
            facts.TicketFailed(
                at=self.now,
                ticket=number,
                attempt=echoed,
                agent="w-1",
                error=error,
                retryable=retryable,
                chance=chance,
            )
        )

    def fail_for_good(self, name: str, error: str = "it broke") -> None:
        """A worker fails a ticket and says that trying again is useless."""
        self.fail(name, error, retryable=False)

    # Time.

    def wait(self, duration_ms: int) -> None:
        """Let time pass, as for a driver that rings every alarm when it is due."""
        until = self.now + duration_ms
        for _ in range(RINGS_MAX):
            alarm = self.execution.alarm
            if alarm is None or alarm > until:
                self.now = until
                return
            self.tell(facts.TimePassed(at=max(self.now, alarm), chance=0.5))
        raise AssertionError(f"the alarm keeps ringing: it is {self.now}, due is {alarm}")

    def oversleep(self, duration_ms: int) -> None:
        """Let time pass unheard, as while no driver ran, and then ring once."""
        self.tell(facts.TimePassed(at=self.now + duration_ms, chance=0.5))

    # What can be seen.

    def ticket(self, name: str) -> Ticket:
        """Return the ticket of a task, or the one that undoes it."""
        ticket = self.state.tickets[self._numbers[name.removeprefix(UNDO)]]
        if not name.startswith(UNDO):
            return ticket
        return self.state.tickets[-1 if ticket.undone_by is None else ticket.undone_by]

    def stage(self, name: str) -> Stage:
        """Return where a ticket is."""
        return self.ticket(name).stage

    def stages(self) -> dict[str, Stage]:
        """Return where each ticket is, by name and in order of number."""
        return {self.name_of(ticket.number): ticket.stage for ticket in self.state.tickets}

    def tickets_in(self, *stages: Stage) -> list[Ticket]:
        """Return the tickets that are in one of `stages`, in order of number."""
        return [ticket for ticket in self.state.tickets if ticket.stage in stages]

    def name_of(self, number: int) -> str:
        """Return the name of the ticket with this number."""
        ticket = self.state.tickets[number]
        return ticket.task_id if ticket.undoes is None else UNDO + ticket.task_id

    def released(self, within: Sequence[Command] | None = None) -> list[str]:
        """Return what was handed to the bus, in order: ever, or `within` these commands."""
        asked = self.asked if within is None else within
        return [
            self.name_of(number)
            for command in asked
            if isinstance(command, commands.PublishTickets)
            for number, _ in command.tickets
        ]

    def all(self, kind: type[_C]) -> list[_C]:
        """Return every command of one kind so far."""
        return [command for command in self.asked if isinstance(command, kind)]

    @property
    def incidents(self) -> list[OrchestrationIncident]:
        """The incidents so far."""
        return [command.incident for command in self.all(commands.RaiseIncident)]

    @property
    def alerts(self) -> list[SlaAlert]:
        """The warnings so far."""
        return [command.alert for command in self.all(commands.SendSlaAlert)]

    @property
    def violations(self) -> list[SlaViolation]:
        """The violations so far."""
        return [command.violation for command in self.all(commands.SendSlaViolation)]

    @property
    def fates(self) -> list[commands.Fate]:
        """What became of each answer so far."""
        return [command.fate for command in self.all(commands.RecordAnswer)]

    def audited(self, action: str) -> list[dict[str, str]]:
        """Return the details of every audit entry of one action, with its `actor` among them."""
        return [
            {"actor": entry.actor, **dict(entry.detail)}
            for entry in self.all(commands.RecordAudit)
            if entry.action == action
        ]

    def _address(self, name: str, attempt: int | None) -> tuple[int, int | None]:
        ticket = self.ticket(name)
        return ticket.number, ticket.attempt if attempt == PRESENT else attempt


def begun(*tasks: TaskNode, policy: Policy | None = None, **plan: object) -> Story:
    """Return the story of a plan that has just been accepted and runs; `plan` are its fields."""
    story = Story(a_decision(a_plan(*tasks, **plan)))
    story.accept(policy)
    return story
