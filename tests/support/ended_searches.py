"""Searches for a MongoDB that is not there, ended by whoever asked; a program of its own.

A search that never ends cannot be cancelled either, so that only a process can be rid of it. It
prints what became of the searches, and ends at once.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable

from orchestrator_dynamic.adapters.mongodb.database import Mongo, connected
from orchestrator_dynamic.adapters.mongodb.together import together
from orchestrator_dynamic.errors import Unavailable
from tests.support.servers.ports import HOST, free_ports

DEADLINE_S = 1.0
PATIENCE_S = 10
# The library looks again each half second. What ends a search in that moment did the damage.
LOOKS_EACH_S = 0.5
ROUNDS = 4


async def fail_together(mongo: Mongo, number: int) -> None:
    """Ask four things at a time; the first that fails ends the others."""
    await asyncio.sleep(number / 100)
    await together(*(mongo.one("any", {"_id": number}) for _ in range(4)))


async def is_given_up(mongo: Mongo, number: int) -> None:
    """Ask for something no longer than until the library looks again, give or take a bit."""
    async with asyncio.timeout(LOOKS_EACH_S + (number % 7 - 3) / 1_000):
        await mongo.one("any", {"_id": number})


async def search(ask: Callable[[Mongo, int], Awaitable[None]], count: int) -> None:
    """Ask `count` times at a time, in some rounds; end with code 1 where one does not end."""

    async def one(number: int) -> None:
        try:
            await ask(mongo, number)
        except (Unavailable, TimeoutError):
            return

    (port,) = free_ports(1)
    async with connected(f"mongodb://{HOST}:{port}", "any", deadline_s=DEADLINE_S) as mongo:
        for _ in range(ROUNDS):
            alarm = asyncio.get_running_loop().call_later(PATIENCE_S, stuck, ask.__name__)
            async with asyncio.TaskGroup() as tasks:
                for number in range(count):
                    tasks.create_task(one(number))
            alarm.cancel()


def stuck(what: str) -> None:
    """Say what does not end, and end."""
    print(f"{what}: not all have ended", flush=True)  # noqa: T201 - what the test reads.
    os._exit(1)


async def main() -> None:
    """Ask in both ways."""
    await search(fail_together, 24)
    await search(is_given_up, 100)
    print("all have ended")  # noqa: T201 - what the test reads.


if __name__ == "__main__":
    asyncio.run(main())
