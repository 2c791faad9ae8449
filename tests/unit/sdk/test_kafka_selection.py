"""Which messages on the tickets topic are work for a worker."""

import pytest

from orchestrator_dynamic.models.vocabulary import TaskType, TicketStatus
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.kafka_selection import (
    CLOCK_SKEW_MS,
    Meaning,
    attempt_of,
    meaning_of,
)
from orchestrator_dynamic.simulation.virtual_clock import NOON_MS
from tests.unit.sdk.tickets import a_ticket

ANYBODY = WorkerProfile(worker_id="w")
BUILDER = WorkerProfile(
    worker_id="b", task_types=frozenset({TaskType.BUILD}), capabilities=frozenset({"compile"})
)
TICKET = a_ticket(timeout_ms=60_000)


def meaning(profile: WorkerProfile = ANYBODY, sent_at: int = NOON_MS, **changes: object) -> Meaning:
    """Return what `TICKET` with `changes` means at noon."""
    return meaning_of(TICKET.model_copy(update=changes), profile, sent_at, NOON_MS)


def test_a_pending_ticket_is_work() -> None:
    """It is what a worker is for."""
    assert meaning() is Meaning.WORK


@pytest.mark.parametrize("status", [one for one in TicketStatus if one != TicketStatus.PENDING])
def test_only_pending_tickets_are_work(status: TicketStatus) -> None:
    """Others on the topic tell what a ticket has become; executing those would repeat effects."""
    assert meaning(status=status) is Meaning.NOT_PENDING


def test_a_ticket_that_is_not_pending_and_asks_for_cancellation_cancels() -> None:
    """That is how the orchestrator tells workers to stop."""
    asked = {"attempt": "1", "cancel_requested": "true"}

    assert meaning(status=TicketStatus.RUNNING, metadata=asked) is Meaning.CANCEL


def test_a_worker_passes_over_what_it_cannot_execute() -> None:
    """Another kind of worker reads the same topic in another group."""
    assert meaning(BUILDER) is Meaning.NOT_OURS
    assert meaning(BUILDER, task_type=TaskType.BUILD) is Meaning.WORK
    unable = meaning(BUILDER, task_type=TaskType.BUILD, required_capabilities=("sign",))
    assert unable is Meaning.NOT_OURS


def test_an_attempt_that_nobody_began_in_time_is_not_begun_any_more() -> None:
    """A new group starts at the beginning of the topic and must not execute its past."""
    limit = 60_000 + CLOCK_SKEW_MS

    assert meaning(sent_at=NOON_MS - limit) is Meaning.WORK
    assert meaning(sent_at=NOON_MS - limit - 1) is Meaning.EXPIRED


def test_a_message_without_a_time_never_expires() -> None:
    """Brokers that keep no times must not starve workers."""
    assert meaning(sent_at=-1) is Meaning.WORK
    assert meaning(sent_at=0) is Meaning.WORK


def test_an_attempt_has_the_number_that_it_tells_or_one_more_than_its_retries() -> None:
    """Orchestrators of others tell only the retries."""
    assert attempt_of(a_ticket(attempt=3)) == 3
    assert attempt_of(a_ticket(attempt=3).model_copy(update={"metadata": {}})) == 3
    assert attempt_of(a_ticket().model_copy(update={"metadata": {"attempt": "x"}})) == 1
