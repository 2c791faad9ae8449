"""Who can do what, and what they are told while they do it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.ids import IDENTIFIER
from orchestrator_dynamic.models.vocabulary import TaskType


class WorkerProfile(Message):
    """A worker as it announces itself.

    Attributes:
        task_types: what it takes; empty means anything.
        capabilities: what it can; empty means anything.
        concurrency: how many tickets it works on at once.
    """

    worker_id: Annotated[str, IDENTIFIER]
    task_types: frozenset[TaskType] = frozenset()
    capabilities: frozenset[str] = frozenset()
    concurrency: Annotated[int, Field(ge=1)] = 1

    def can_execute(self, task_type: TaskType, required: Iterable[str]) -> bool:
        """Return whether this worker takes `task_type` and has every capability in `required`."""
        if self.task_types and task_type not in self.task_types:
            return False
        return not self.capabilities or self.capabilities.issuperset(required)


class HeartbeatVerdict(StrEnum):
    """What a worker is told about the attempt it works on: go on, or why to stop."""

    GO_ON = "go_on"
    CANCELLED = "cancelled"  # nobody wants the ticket any more
    SUPERSEDED = "superseded"  # a newer attempt has taken its place


class AnswerFate(StrEnum):
    """What a worker is told became of its answer."""

    TAKEN = "taken"  # it counts; also where it says again what has been taken
    STALE_ATTEMPT = "stale_attempt"  # another attempt is current, or the ticket has ended
    UNKNOWN = "unknown"  # nobody knows the ticket
