"""What a message on the tickets topic means for one worker."""

from enum import StrEnum

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.vocabulary import TicketStatus
from orchestrator_dynamic.models.worker import WorkerProfile

# Clocks of brokers, orchestrators and workers may differ by so much before work is refused.
CLOCK_SKEW_MS = 30_000


class Meaning(StrEnum):
    """What is to be done about a message."""

    WORK = "work"
    CANCEL = "cancel"
    NOT_PENDING = "not_pending"
    NOT_OURS = "not_ours"
    EXPIRED = "expired"


def meaning_of(
    ticket: ExecutionTicket, profile: WorkerProfile, sent_at_ms: int, now_ms: int
) -> Meaning:
    """Return what `ticket` asks of a worker with `profile`.

    An attempt that nobody has begun within its time limit has failed at the orchestrator, which
    has issued a newer one where one is left. A group that is new to a topic would otherwise
    execute all of its past.

    Args:
        sent_at_ms: when the message was written; 0 or less where that is not known.
    """
    if not profile.can_execute(ticket.task_type, ticket.required_capabilities):
        return Meaning.NOT_OURS
    if ticket.status is not TicketStatus.PENDING:
        cancelled = ticket.metadata.get("cancel_requested", "").strip().lower() == "true"
        return Meaning.CANCEL if cancelled else Meaning.NOT_PENDING
    if expired(ticket, sent_at_ms, now_ms):
        return Meaning.EXPIRED
    return Meaning.WORK


def expired(ticket: ExecutionTicket, sent_at_ms: int, now_ms: int) -> bool:
    """Return whether nobody waits for this attempt any more if it is only begun now."""
    return 0 < sent_at_ms < now_ms - ticket.sla.timeout_ms - CLOCK_SKEW_MS


def attempt_of(ticket: ExecutionTicket) -> int:
    """Return which attempt at the ticket this is: 1 for the first."""
    told = ticket.metadata.get("attempt", "")
    return int(told) if told.isdecimal() else ticket.retry_count + 1
