"""What can be asked of a running orchestrator, whichever engine drives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from orchestrator_dynamic.errors import Finding
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.vocabulary import Outcome


class Reception(StrEnum):
    """What became of a message that was handed in; each of them is durable."""

    STARTED = "started"
    PARKED = "parked"
    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead_letter"


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
    """Takes decisions, answers and requests; each call returns once its effect is durable."""

    async def submit(
        self, data: bytes, headers: Mapping[str, bytes] | None = None, *, source: str
    ) -> Receipt:
        """Take in a message in any envelope of the contract; calling again starts nothing twice.

        Raises:
            StorageFailed: nothing is known of the message; hand it in again after a restart.
        """
        ...

    async def report(self, result: ExecutionResult) -> None:
        """Take a worker's answer; returns once it is in the mailbox, waiting where that is full.

        An answer that is lost with the process leaves its ticket in flight, to be repeated.
        """
        ...

    async def request(self, request: Request) -> Reply:
        """Carry out what an operator asks for, or say why not."""
        ...

    async def outcome_of(self, workflow_id: WorkflowId) -> Outcome | None:
        """Wait for a plan's end, and return how it ended; at once, where it has.

        None where it stopped because its books did not add up, and where there never was one.
        """
        ...
