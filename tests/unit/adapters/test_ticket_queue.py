"""Tickets inside the process: best first, to whoever can, and back when nobody wants them."""

import asyncio
from collections.abc import Sequence

from orchestrator_dynamic.adapters.memory.ticket_queue import TicketQueue
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.ports.ticket_bus import Dispatch, Handover
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from tests.support.messages import NOON, a_ticket

ANYBODY = WorkerProfile(worker_id="anybody")


def a_queue() -> tuple[TicketQueue, list[Handover]]:
    """Return a queue, and the hand-overs that it tells of."""
    queue, heard = TicketQueue(VirtualClock(NOON)), list[Handover]()
    queue.on_handover = heard.append
    return queue, heard


def a_dispatch(
    name: str, score: float = 0.5, attempt: int = 1, needs: Sequence[str] = ()
) -> Dispatch:
    """Return a ticket on its way."""
    ticket = a_ticket(name, required_capabilities=needs, retry_count=attempt - 1)
    return Dispatch((-score, 0, 0), attempt, ticket)


async def test_the_best_ticket_is_taken_first() -> None:
    """The scheduling policy holds between plans, not only inside one."""
    queue, heard = a_queue()
    queue.publish([a_dispatch("low", 0.1), a_dispatch("high", 0.9), a_dispatch("middle", 0.5)])

    taken = [(await queue.take(ANYBODY)).ticket_id for _ in range(3)]

    assert taken == ["high", "middle", "low"]
    assert [handover.ticket_id for handover in heard] == taken


async def test_a_worker_gets_only_what_it_can_execute() -> None:
    """A better ticket that needs somebody else stays for somebody else."""
    queue, _ = a_queue()
    queue.publish([a_dispatch("gpu", 0.9, needs=["gpu"]), a_dispatch("plain", 0.1)])

    poor = await queue.take(WorkerProfile(worker_id="poor", capabilities=frozenset({"cpu"})))
    rich = await queue.take(WorkerProfile(worker_id="rich", capabilities=frozenset({"gpu"})))

    assert (poor.ticket_id, rich.ticket_id) == ("plain", "gpu")


async def test_a_waiting_worker_wakes_up_for_a_ticket() -> None:
    """Between two plans workers sleep, and cost nothing."""
    queue, _ = a_queue()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(queue.take(ANYBODY))
        await asyncio.sleep(0)
        queue.publish([a_dispatch("a")])

    assert waiting.result().ticket_id == "a"


async def test_a_ticket_is_not_lost_when_the_worker_it_woke_goes_away() -> None:
    """The other workers must look at what the leaving one was called for."""
    queue, _ = a_queue()
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(queue.take(ANYBODY))
        staying = tasks.create_task(queue.take(ANYBODY))
        await asyncio.sleep(0)
        queue.publish([a_dispatch("a")])
        leaving.cancel()

    assert staying.result().ticket_id == "a"


async def test_an_attempt_that_is_queued_twice_is_taken_once() -> None:
    """Every command may be carried out twice."""
    queue, _ = a_queue()
    queue.publish([a_dispatch("a"), a_dispatch("a"), a_dispatch("b", 0.1)])

    taken = [(await queue.take(ANYBODY)).ticket_id for _ in range(2)]

    assert taken == ["a", "b"]


async def test_a_cancelled_ticket_is_taken_back_or_its_worker_is_told() -> None:
    """Whoever asked must learn for which of them nobody will answer."""
    queue, _ = a_queue()
    verdicts: list[HeartbeatVerdict] = []
    queue.publish([a_dispatch("held"), a_dispatch("queued", 0.1)])
    held = await queue.take(ANYBODY)
    queue.watch(held, verdicts.append)

    unasked = queue.cancel([a_dispatch("held"), a_dispatch("queued")])

    assert unasked == ["queued"]
    assert verdicts == [HeartbeatVerdict.CANCELLED]


async def test_a_newer_attempt_interrupts_the_older_one() -> None:
    """Two attempts at once could both have their effect."""
    queue, _ = a_queue()
    verdicts: list[HeartbeatVerdict] = []
    queue.publish([a_dispatch("a")])
    queue.watch(await queue.take(ANYBODY), verdicts.append)

    queue.publish([a_dispatch("a", attempt=2)])

    assert verdicts == [HeartbeatVerdict.SUPERSEDED]
    assert (await queue.take(ANYBODY)).retry_count == 1


async def test_an_attempt_that_is_over_is_forgotten() -> None:
    """What ended by time-out while it was queued must not be worked on."""
    queue, _ = a_queue()
    queue.publish([a_dispatch("over"), a_dispatch("next", 0.1)])

    queue.forget(TicketId("over"), 1)

    assert (await queue.take(ANYBODY)).ticket_id == "next"


async def test_nobody_is_interrupted_who_watches_no_more() -> None:
    """An interruption after the end would hit the lane's next ticket."""
    queue, _ = a_queue()
    verdicts: list[HeartbeatVerdict] = []
    queue.publish([a_dispatch("a")])
    ticket = await queue.take(ANYBODY)
    queue.watch(ticket, verdicts.append)
    queue.unwatch(ticket)

    queue.cancel([a_dispatch(ticket.ticket_id)])

    assert verdicts == []
