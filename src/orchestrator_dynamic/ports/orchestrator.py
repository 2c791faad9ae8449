"""What can be asked of a running orchestrator, whichever engine drives it."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from orchestrator_dynamic.errors import Finding, InvalidInput
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome


class Incoming(NamedTuple):
    """A message as it came.

    Attributes:
        source: where from, for people: a file, or `topic[partition]@offset`.
        key: its key on the topic that it came from, None where there was none.
        dead_letters_to: the topic for it where it cannot be used, None where it is only kept.
        by: who hands it in; None where that is nobody whom we know.
        kept_if_refused: whether it becomes a dead letter where it cannot be used. Not where its
            sender is told at once, and still has it.
        schema: what the registry says it was written with; None where nobody says.
    """

    data: bytes
    source: str
    headers: Mapping[str, bytes] = {}
    key: bytes | None = None
    schema: dict[str, Any] | None = None
    dead_letters_to: str | None = None
    by: str | None = None
    kept_if_refused: bool = True


class Reception(StrEnum):
    """What became of a message that was handed in; each of them is durable."""

    STARTED = "started"
    PARKED = "parked"
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead_letter"
    SENT_BACK = "sent_back"  # to the topic that it came from, for whoever consumes there


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The durable answer to a submission.

    Attributes:
        decision_id, workflow_id: None where the message could not be read.
        reason: a stable code where it is a dead letter, else words for people.
        findings: everything there is to say about it, warnings included.
    """

    reception: Reception
    source: str
    decision_id: str | None = None
    plan_id: str | None = None
    workflow_id: WorkflowId | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()


class Action(StrEnum):
    """What an operator can ask for."""

    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An operator's request. `tasks` names steps; None means the plan and all that waits in it."""

    action: Action
    workflow_id: WorkflowId
    by: str
    reason: str | None = None
    tasks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Whether a request was carried out, and why not in words for people."""

    accepted: bool
    text: str


class Orchestrator(Protocol):
    """Takes decisions, answers and requests; each call returns once its effect is durable.

    Raises:
        Unavailable: nothing is known of what was handed in; hand it in again.
    """

    async def submit(
        self, data: bytes, headers: Mapping[str, bytes] | None = None, *, source: str
    ) -> Receipt:
        """Take in a message in any envelope of the contract; calling again starts nothing twice."""
        ...

    async def hand_in(self, message: Incoming) -> Awaitable[Receipt]:
        """Give `message` its place after those handed in before; await what comes back for more.

        So that messages keep their order, and many of them share one commit.
        """
        ...

    async def put_aside(self, message: Incoming, why: InvalidInput) -> None:
        """Keep a message that cannot be used as a dead letter, with every reason."""
        ...

    async def report(self, result: ExecutionResult) -> None:
        """Take a worker's answer; returns once it is in the mailbox, waiting where that is full.

        An answer that is lost with the process leaves its ticket in flight, to be repeated.
        """
        ...

    async def take_results(self, results: Sequence[ExecutionResult]) -> None:
        """Take workers' answers, in this order; returns once all of them are durable.

        Answers about unknown or ended tickets are kept and counted like any others.
        """
        ...

    async def request(self, request: Request) -> Reply:
        """Carry out what an operator asks for, or say why not."""
        ...

    async def open_workflows_of(self, plan_id: str) -> Sequence[WorkflowId]:
        """Return the open workflows of a plan, oldest first; a plan may be decided on again."""
        ...

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """Wait for a plan's end, and return how it ended; at once, where it has.

        None where it stopped because its books did not add up, and where there never was one.
        """
        ...
