"""The bounded way into the engine."""

import asyncio

from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.ports.ticket_bus import Handover
from orchestrator_dynamic.runtime.letters import Report
from orchestrator_dynamic.runtime.mailbox import Mailbox
from tests.support.messages import a_result

HANDOVER = Handover(TicketId("ticket-1"), 1, 0, "worker")


def a_report(number: int) -> Report:
    """Return a letter that can be told from others."""
    return Report(number, a_result())


async def test_letters_come_out_in_the_order_they_went_in() -> None:
    """What one worker says first was first."""
    mailbox = Mailbox(10, 1)
    for number in range(3):
        await mailbox.put(a_report(number))

    taken = mailbox.take(10)

    assert taken == [a_report(number) for number in range(3)]


async def test_a_full_mailbox_makes_its_writers_wait() -> None:
    """Back-pressure: the engine's memory has a bound, whatever comes in."""
    mailbox = Mailbox(2, 1)
    async with asyncio.TaskGroup() as tasks:
        writers = [tasks.create_task(mailbox.put(a_report(number))) for number in range(5)]
        await asyncio.sleep(0)
        written = sum(writer.done() for writer in writers)
        first = mailbox.take(2)
        await asyncio.sleep(0)
        second = mailbox.take(2)
        await asyncio.sleep(0)
        third = mailbox.take(2)

    assert written == 2
    assert len(first) == len(second) == 2
    assert len(third) == 1


async def test_taking_less_than_there_is_rings_again() -> None:
    """A batch has a limit; what is left over must not wait for the next letter."""
    mailbox = Mailbox(10, 1)
    for number in range(3):
        await mailbox.put(a_report(number))
    await mailbox.wait()

    mailbox.take(2)

    await asyncio.wait_for(mailbox.wait(), timeout=1)
    assert len(mailbox.take(2)) == 1


async def test_a_handover_waits_for_company_but_not_for_ever() -> None:
    """It shares a commit with what follows; alone, it still becomes durable soon."""
    mailbox = Mailbox(10, 0.01)

    mailbox.put_patiently(HANDOVER)

    await asyncio.wait_for(mailbox.wait(), timeout=5)
    assert mailbox.take(10) == [HANDOVER]


async def test_the_nearest_alarm_rings() -> None:
    """A later alarm must not put off an earlier one."""
    mailbox = Mailbox(10, 0.01)

    mailbox.ring_in(0.01)
    mailbox.ring_in(60)

    await asyncio.wait_for(mailbox.wait(), timeout=5)
