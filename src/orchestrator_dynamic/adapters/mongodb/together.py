"""Several calls at a time, and calls that are not to be cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; whoever is cancelled meanwhile waits for its end, and then is.

    A cancelled call may leave the lock over MongoDB's library's list of servers taken for good, so
    that the process never reaches its database again (pymongo 4.20 on Python 3.11: it waits for
    news with `asyncio.wait_for`, which, cancelled in the moment of its time-out, leaves behind a
    task that takes the lock again and gives it to nobody). In an outage that moment is common:
    calls that began together end together, and the first to fail ends the others.
    """
    call, cancelled = asyncio.gather(work, return_exceptions=True), None
    while not call.done():
        try:
            await asyncio.wait([call])
        except asyncio.CancelledError as error:
            cancelled = error
    [made] = call.result()
    if cancelled is not None:
        raise cancelled
    if isinstance(made, BaseException):
        raise made
    return made


async def together(*jobs: Coroutine[Any, Any, object]) -> None:
    """Do all of `jobs` at a time; the first that fails is raised, and ends the others."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for job in jobs:
                tasks.create_task(job)
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group


async def each(items: Sequence[T], work: Callable[[T], Awaitable[object]], most: int = 8) -> None:
    """Do `work` on each of `items`, at most so many at a time."""
    room = asyncio.Semaphore(most)

    async def one(item: T) -> None:
        async with room:
            await work(item)

    await together(*(one(item) for item in items))
