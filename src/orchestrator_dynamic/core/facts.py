"""What has happened to a plan.

A fact is past, so it cannot be refused; hearing it twice equals hearing it once.

`at` is the moment in epoch milliseconds (UTC), given by the driver. A ticket is named by its
number: the position of its task in the plan, with compensations numbered after the tasks.
`chance` in [0, 1) is drawn by the driver, so that a replay waits as long as the original.
"""

from dataclasses import dataclass
from typing import Literal

from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.errors import Finding

TicketAttempt = tuple[int, int]
"""A ticket's number and the attempt, which counts from 1."""


@dataclass(frozen=True, slots=True)
class WorkerSkills:
    """What one known worker can execute; an empty tuple means anything."""

    task_types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionAccepted:
    """A decision was taken in; C1 has been run and found `findings`.

    The findings are part of the fact, so that a replay under newer rules keeps the old verdict.
    `validation_ms` and `generation_ms` are how long C1 and C2 took, as the driver measured;
    `workers` are those known at that moment, as in `WorkersChanged`; `submitted_by` is who handed
    the decision in, None where that is nobody whom we know; `traceparent` is the W3C header that
    its message had.
    """

    at: int
    policy: Policy
    findings: tuple[Finding, ...] = ()
    workers: tuple[WorkerSkills, ...] | None = None
    validation_ms: int = 0
    generation_ms: int = 0
    submitted_by: str | None = None
    traceparent: str | None = None
    kind: Literal["decision_accepted"] = "decision_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersChanged:
    """The workers known to the registry are now these; None where there is no registry."""

    at: int
    workers: tuple[WorkerSkills, ...] | None
    kind: Literal["workers_changed"] = "workers_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven:
    """A person approved the plan, or only the steps named by `tickets`."""

    at: int
    by: str
    reason: str | None = None
    tickets: tuple[int, ...] | None = None
    kind: Literal["approval_given"] = "approval_given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRefused:
    """A person refused the plan, or the steps that wait for approval."""

    at: int
    by: str
    reason: str | None = None
    tickets: tuple[int, ...] | None = None
    kind: Literal["approval_refused"] = "approval_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsPublished:
    """The bus has taken responsibility for these attempts.

    `agents` names, ticket by ticket, the workers that hold them, where the bus hands tickets to
    workers itself; it is empty where a broker has them now, and nobody knows who will.
    """

    at: int
    tickets: tuple[TicketAttempt, ...]
    agents: tuple[str, ...] = ()
    kind: Literal["tickets_published"] = "tickets_published"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsReturned:
    """Whoever held these attempts is known to be gone; the same attempts must go out again."""

    at: int
    tickets: tuple[TicketAttempt, ...]
    kind: Literal["tickets_returned"] = "tickets_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStarted:
    """A worker gave the first sign of life for an attempt; `attempt` is None where not echoed."""

    at: int
    ticket: int
    attempt: int | None
    agent: str
    kind: Literal["ticket_started"] = "ticket_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSucceeded:
    """A worker completed an attempt."""

    at: int
    ticket: int
    attempt: int | None
    agent: str
    kind: Literal["ticket_succeeded"] = "ticket_succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFailed:
    """An attempt failed; one that is not retryable fails the ticket for good.

    `timed_out` is for a worker that noticed by itself that its time was up, before our alarm rang.
    """

    at: int
    ticket: int
    attempt: int | None
    agent: str
    error: str
    retryable: bool
    chance: float
    timed_out: bool = False
    kind: Literal["ticket_failed"] = "ticket_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """The alarm that the plan asked for has rung, or rang while nobody was there to hear it."""

    at: int
    chance: float
    kind: Literal["time_passed"] = "time_passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """A person or service wants the plan to end."""

    at: int
    by: str
    reason: str | None = None
    kind: Literal["cancel_requested"] = "cancel_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequested:
    """A person or service wants nothing more to be released for now."""

    at: int
    by: str
    reason: str | None = None
    kind: Literal["pause_requested"] = "pause_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequested:
    """A person or service wants the plan to go on."""

    at: int
    by: str
    reason: str | None = None
    kind: Literal["resume_requested"] = "resume_requested"


Answer = TicketStarted | TicketSucceeded | TicketFailed

Fact = (
    DecisionAccepted
    | WorkersChanged
    | ApprovalGiven
    | ApprovalRefused
    | TicketsPublished
    | TicketsReturned
    | Answer
    | TimePassed
    | CancelRequested
    | PauseRequested
    | ResumeRequested
)
