"""Servers that go away under load and come back, and what a deployment does meanwhile.

OUTAGE_S is how long each stays away, OUTAGE_HOW how it goes: `kill`, `stop` in order, or `freeze`.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator

from tests.support.engines import now_ms
from tests.support.flow_listening import Heard
from tests.support.flow_plans import Sent, made
from tests.support.flow_world import OURS, World
from tests.support.servers.server import Server

OUTAGE_S = float(os.environ.get("OUTAGE_S", "8"))
# What the users of such a deployment are promised.
RESUMES_WITHIN_S = 30
# Until then somebody holds a message that cannot go on.
_MISSED_AFTER_S = 1


async def passes(seconds: float) -> None:
    """Let real time pass: an outage is nothing else."""
    await asyncio.sleep(seconds)


def plans_of(world: World, schema_id: int | None) -> Iterator[Sent]:
    """Return decisions without end, every other one as Avro where the registry has its schema."""
    number = 0
    while True:
        yield made(world.tag, number, schema_id=schema_id if number % 2 else None)
        number += 1


async def outage(
    world: World,
    name: str,
    server: Server,
    how: str,
    plans: Iterator[Sent],
    count: int,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
) -> float:
    """Have `server` go away in the middle of plans; return how long progress took after it.

    Args:
        how: kill, stop or freeze.
        count: how many decisions are sent around it.
        meanwhile: what else happens while it is away, after it was missed.
    """
    await world.send(_some(plans, count // 2))
    tickets = world.topic("tickets")
    await world.ears.until(tickets, len(world.ears.on(tickets)) + 40)
    still_open = len(world.sent.keys() - (await world.outcomes()).keys())
    assert still_open, "nothing is in the middle of anything"
    world.tell(f"{name}: {how}, with {still_open} plans under way")
    before = len(world.ears.on(tickets))

    await asyncio.to_thread(
        {"kill": server.kill, "stop": server.stop, "freeze": server.freeze}[how]
    )
    if name != "kafka":
        await world.send(_some(plans, count - count // 2 - 1))
    await passes(_MISSED_AFTER_S)
    if meanwhile is not None:
        await meanwhile()
    await passes(OUTAGE_S - _MISSED_AFTER_S)
    during = len(world.ears.on(tickets)) - before
    if how == "freeze":
        await asyncio.to_thread(server.thaw)
    await asyncio.to_thread(server.start)
    back, back_at = now_ms(), time.monotonic()

    world.tell(f"{name}: back; {during} tickets left during the outage")
    await world.send(_some(plans, 1 if name != "kafka" else count - count // 2))
    newest = list(world.sent)[-1]
    await progress(world, back, newest, name)
    took = time.monotonic() - back_at
    world.tell(f"{name}: work goes on after {took:.1f} s")
    for process in world.processes.all:
        assert process.code in OURS, f"{process.name} ended\n{process.tail()}"
    return took


async def progress(world: World, since: int, decision_id: str, back: str) -> None:
    """Return once decisions and answers are taken, and tickets leave, since that moment.

    That is: a ticket of this decision has left, and one that had to wait for an answer.

    Args:
        back: what was away until then.
    """
    tickets = world.ears.on(world.topic("tickets"))
    seen, begun, followed = 0, False, False
    try:
        async with asyncio.timeout(RESUMES_WITHIN_S):
            while not (begun and followed):
                for heard in tickets[seen:]:
                    begun = begun or heard.body["decision_id"] == decision_id
                    followed = followed or (heard.at > since and _followed(heard))
                    seen += 1
                await passes(0.02)
    except TimeoutError:
        told = f"new plans begin: {begun}, tickets follow answers: {followed}"
        late = f"{back} is back, and work does not go on within {RESUMES_WITHIN_S} s"
        codes = {one.name: one.code for one in world.processes.all}
        raise AssertionError(f"{late}; {told}; processes have ended with {codes}") from None


def _followed(heard: Heard) -> bool:
    return bool(heard.body["dependencies"])


def _some(plans: Iterator[Sent], count: int) -> list[Sent]:
    return [next(plans) for _ in range(count)]
