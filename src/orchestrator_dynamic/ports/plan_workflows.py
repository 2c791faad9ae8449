"""Plans as workflows of a server that keeps them going: what travels between the parts.

A workflow is told what has happened (`Told`), has its activity take a turn with it (`Turn`), and
learns where the plan is then (`TurnReport`). What a `Told` says is text that the workflow does not
look into: the activity reads it, so that a newer program with other rules never disagrees with
what an older one has told.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome
from orchestrator_dynamic.ports.orchestrator import Reply, Request


class Telling(StrEnum):
    """What the text of a `Told` is about."""

    FACT = "fact"  # a fact as the journal has it, of this `version`
    RESULT = "result"  # a worker's answer
    REQUEST = "request"  # what an operator asks for
    RESTARTED = "restarted"  # the workers of a process have gone with it; no text


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that has happened, at the moment `at` (epoch ms).

    Attributes:
        number: the ticket that it concerns.
        name: under which a reply is wanted.
        version: in which a fact is written.
    """

    kind: Telling
    at: int
    body: str = ""
    number: int | None = None
    name: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an operator says with a request; see `ports.orchestrator.Request`."""

    by: str
    reason: str | None = None
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What an activity is to do: bring the plan from the fact `seq` on by what was `told`.

    Attributes:
        told: texts of `Told`, in the order in which they are to be heard.
    """

    workflow: int
    workflow_id: str
    seq: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketGlance:
    """A ticket that something is being done about, or should be."""

    task_id: str
    stage: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnReport:
    """Where a plan is after a turn; the server keeps it, so that it is small whatever the plan.

    Attributes:
        seq: the last fact of its journal.
        alarm: when time alone will change something, epoch ms; None where never.
        outcome: None while it has none.
        reason: why it waits, or why it ended as it did.
        stages: how many of its tasks are in each stage.
        under_way: tickets that are out, wait for a retry, a worker or a person; at most a hundred.
        steps: tasks that wait for a person, at most a hundred.
        why: what it waits for, in words.
        replies: to requests of this turn, by name: whether accepted, and the text.
    """

    kind: Literal["turn_report"] = "turn_report"
    seq: int = 0
    alarm: int | None = None
    phase: str = "NEW"
    paused: bool = False
    outcome: str | None = None
    reason: str = ""
    stages: dict[str, int] = field(default_factory=dict)
    under_way: tuple[TicketGlance, ...] = ()
    steps: tuple[str, ...] = ()
    why: str = ""
    replies: dict[str, tuple[bool, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a workflow begins with, and what it hands on where it continues as a new run.

    Attributes:
        told: what was heard and is not done yet, as texts of `Told`.
        report: where the plan was last.
    """

    workflow: int
    workflow_id: str
    told: tuple[str, ...] = ()
    report: TurnReport = TurnReport()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMarks:
    """By what a plan can be looked up at the server."""

    intent_id: str
    plan_id: str
    decision_id: str
    risk_band: str


class PlanWorkflows(Protocol):
    """The workflows of a server. Every call may be repeated.

    Raises:
        Unavailable: the server cannot be reached now; the effect may have happened.
        Misconfigured: it refuses us: no such namespace, no permission.
    """

    async def start(self, order: Order, marks: PlanMarks) -> None:
        """Start the plan's workflow, unless it was started before, whether it has ended or not."""
        ...

    async def tell(self, workflow_id: WorkflowId, told: tuple[Told, ...]) -> bool:
        """Tell a workflow; False where it has ended, or never was."""
        ...

    async def ask(self, request: Request, at: int) -> Reply:
        """Have an operator's request carried out, and return what became of it."""
        ...

    async def report(self, workflow_id: WorkflowId) -> TurnReport | None:
        """Return where a plan is; None where there is no such workflow."""
        ...

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """Wait for the end of a workflow, and return the plan's outcome.

        None where it was stopped by a fault or by an operator of the server, or never was.
        """
        ...
