"""Tickets for workers of this process, where a server keeps their plans."""

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.models.vocabulary import TaskType
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.ports.ticket_bus import Dispatch, Handover
from orchestrator_dynamic.runtime.queue_publishing import QueuedTickets
from tests.support.messages import a_ticket

ANYBODY = WorkerProfile(worker_id="ana", task_types=frozenset(TaskType))


def a_dispatch(name: str = "a") -> Dispatch:
    """Return a ticket on its way."""
    return Dispatch((0.0, 0, 0), 1, a_ticket(name))


async def test_what_is_queued_counts_as_taken_and_reaches_a_worker() -> None:
    """The plan goes on as soon as the ticket lies where its worker looks."""
    queue, heard = TicketQueue(SystemClock()), list[Handover]()
    queue.on_handover = heard.append
    tickets = QueuedTickets(queue)

    refusals = await tickets.publish([a_dispatch()])

    assert tuple(refusals) == ()
    assert (await queue.take(ANYBODY)).ticket_id == "a"
    assert [one.agent for one in heard] == ["ana"]


async def test_what_nobody_has_taken_comes_back_when_cancelled() -> None:
    """Its plan need not wait for an answer."""
    queue = TicketQueue(SystemClock())
    queue.on_handover = [].append  # type: ignore[assignment]
    tickets = QueuedTickets(queue)
    await tickets.publish([a_dispatch("a"), a_dispatch("b")])
    taken = await queue.take(ANYBODY)

    back = await tickets.cancel([a_dispatch("a"), a_dispatch("b")])

    assert {taken.ticket_id, *back} == {"a", "b"}
    assert len(back) == 1


async def test_what_is_over_is_given_to_nobody() -> None:
    """The attempt was answered by other means."""
    queue, heard = TicketQueue(SystemClock()), list[Handover]()
    queue.on_handover = heard.append
    tickets = QueuedTickets(queue)
    await tickets.publish([a_dispatch("a"), a_dispatch("b")])

    tickets.forget(a_dispatch("a").ticket.ticket_id, 1)

    assert (await queue.take(ANYBODY)).ticket_id == "b"
