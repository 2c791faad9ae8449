"""Ctrl-C and SIGTERM: the first asks to stop, the second and a stop that takes too long end it.

Ending a command at any moment is safe, for what it has told is in the journal.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

# How the shell tells that a signal ended a program.
_EXIT_CODE_BASE = 128

# A display that is not closed leaves a terminal without its cursor.
_SHOW_CURSOR = b"\x1b[?25h"


class Stop:
    """Whether somebody wants the command to stop. To be waited for in one event loop."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.signal: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """What the process ends with when it was stopped."""
        return _EXIT_CODE_BASE + (self.signal or signal.SIGINT)

    @property
    def name(self) -> str:
        """What stopped it, as people know it."""
        return (self.signal or signal.SIGINT).name


@contextmanager
def stop_on_signals(timeout_s: float) -> Iterator[Stop]:
    """Yield what Ctrl-C and SIGTERM ask for, from within a running loop of the main thread.

    Args:
        timeout_s: what a stop may take; where work does not let go, the process ends after it.
    """
    stop, loop = Stop(), asyncio.get_running_loop()
    watchdog = threading.Timer(timeout_s, _end_now, (stop,))
    watchdog.daemon = True

    def asked(number: int, _frame: FrameType | None) -> None:
        if stop.signal is not None:
            _end_now(stop)
        stop.signal = signal.Signals(number)
        watchdog.start()
        loop.call_soon_threadsafe(stop.asked.set)

    before = {one: signal.signal(one, asked) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        watchdog.cancel()
        for one, handler in before.items():
            signal.signal(one, handler)


async def stay_until_asked(
    running: AbstractAsyncContextManager[T], stop: Stop, on_running: Callable[[T], None]
) -> None:
    """Keep `running` open until `stop` is asked for, also while it is still being opened.

    Args:
        on_running: called with what it yields, once it is open.
    """
    opened = asyncio.Event()

    async def stay() -> None:
        async with running as what:
            opened.set()
            on_running(what)
            await stop.asked.wait()

    async with asyncio.TaskGroup() as tasks:
        staying = tasks.create_task(stay())
        asked = tasks.create_task(stop.asked.wait())
        await asyncio.wait([staying, asked], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not opened.is_set():
            # Nothing has been taken yet: what is being waited for may stay away.
            staying.cancel()


def _end_now(stop: Stop) -> None:
    """End the process as it is; a restart goes on from the journal."""
    if sys.stdout.isatty():
        os.write(1, _SHOW_CURSOR)
    os.write(2, b"orq: ended at once; the same command goes on from here\n")
    os._exit(stop.exit_code)
