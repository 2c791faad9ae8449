"""What reaches the engine through its mailbox. `at` is the moment of arrival, epoch ms."""

from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator_dynamic.core.facts import WorkerSkills
from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.worker import AnswerFate
from orchestrator_dynamic.ports.orchestrator import Receipt, Reply, Request
from orchestrator_dynamic.ports.ticket_bus import Handover
from orchestrator_dynamic.runtime.intake import Prepared


@dataclass(frozen=True, slots=True)
class Submission:
    """A message that was read, for good or ill."""

    at: int
    prepared: Prepared
    answer: Future[Receipt]


@dataclass(frozen=True, slots=True)
class Report:
    """A worker's answer."""

    at: int
    result: ExecutionResult


@dataclass(frozen=True, slots=True)
class Answers:
    """Workers' answers, and who wants to know what became of each, once that is durable."""

    at: int
    results: Sequence[ExecutionResult]
    fates: Future[Sequence[AnswerFate]]


@dataclass(frozen=True, slots=True)
class Demand:
    """An operator's request from within the process."""

    at: int
    request: Request
    answer: Future[Reply]


@dataclass(frozen=True, slots=True)
class Returned:
    """Tickets that were queued when they were cancelled, so that nobody will answer for them."""

    at: int
    ticket_ids: tuple[TicketId, ...]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Attempts that were handed over, and that their worker has not begun and never will."""

    at: int
    attempts: Sequence[tuple[TicketId, int]]


@dataclass(frozen=True, slots=True)
class Workforce:
    """These workers are known from now on."""

    at: int
    workers: tuple[WorkerSkills, ...]


@dataclass(frozen=True, slots=True)
class Milestone:
    """Somebody wants to know when everything that came before this is durable."""

    reached: Future[None]


Told = Submission | Report | Answers | Demand | Returned | GivenBack | Workforce | Milestone
Letter = Told | Handover


class EngineStopped(Unavailable):
    """The engine takes no turns any more; nothing is known of what was handed in."""


def fail(waiting: Future[Any], why: EngineStopped) -> None:
    """Tell whoever waits that no answer will come; also where nobody waits any more."""
    if not waiting.done():
        waiting.set_exception(why)
        waiting.exception()
