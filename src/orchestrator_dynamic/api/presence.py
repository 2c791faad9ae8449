"""Work that is of use only while its caller is there to hear of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request

T = TypeVar("T")


class CallerGone(Exception):
    """Nobody is there any more to be told."""


async def while_there(
    request: Request, work: Coroutine[Any, Any, T], take_back: Callable[[T], None]
) -> T:
    """Return what `work` returns, and cancel it as soon as its caller hangs up.

    Args:
        take_back: is given what came of `work` where it was too late to cancel it.

    Raises:
        CallerGone: whoever asked has gone.
    """
    outcome: list[T] = []
    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(_kept(work, outcome))
            watching = tasks.create_task(_gone(request, working))
            working.add_done_callback(lambda _: watching.cancel())
    except ExceptionGroup as group:
        # One of two can fail, and there is nothing to add to what it says.
        raise group.exceptions[0] from group.exceptions[0].__cause__
    if outcome and watching.cancelled():
        return outcome[0]
    for late in outcome:
        take_back(late)
    raise CallerGone


async def _kept(work: Coroutine[Any, Any, T], outcome: list[T]) -> None:
    outcome.append(await work)


async def _gone(request: Request, working: asyncio.Task[None]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    working.cancel()
