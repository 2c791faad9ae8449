"""Which of what is recorded somebody wants to see."""

from dataclasses import dataclass

from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.models.vocabulary import Outcome, TaskType


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFilter:
    """Which workflows are wanted; what is None or False asks for nothing.

    Attributes:
        search: part of one of its ids; ASCII letters count the same in either case.
        accepted_from, accepted_before: epoch ms; the first is included, the second is not.
        violated: whether a deadline of it has passed.
    """

    outcome: Outcome | None = None
    phase: str | None = None
    plan_id: str | None = None
    intent_id: str | None = None
    risk_band: str | None = None
    search: str | None = None
    accepted_from: int | None = None
    accepted_before: int | None = None
    violated: bool | None = None
    open_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets are wanted; what is None asks for nothing.

    Attributes:
        search: part of its task's or its own id; ASCII letters count the same in either case.
    """

    stage: Stage | None = None
    task_type: TaskType | None = None
    search: str | None = None


EVERY_TICKET = TicketFilter()
