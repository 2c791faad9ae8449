"""The event loop that commands run in: the quicker one where there is one for this system."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

# Plans are large, long-lived and free of cycles: looking through them all for garbage, as Python
# does every 700 allocations by default, finds nothing.
_GC_THRESHOLDS = (50_000, 20, 100)


def run_in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end in a new event loop, and return what it returns."""
    gc.set_threshold(*_GC_THRESHOLDS)
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # There is none for Windows.

    return uvloop.run(work)
