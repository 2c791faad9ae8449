"""What reaches the engine through its mailbox. `at` is the moment of arrival, epoch ms."""

from asyncio import Future
from dataclasses import dataclass

from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId
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
class Milestone:
    """Somebody wants to know when everything that came before this is durable."""

    reached: Future[None]


Letter = Submission | Report | Demand | Returned | Milestone | Handover
