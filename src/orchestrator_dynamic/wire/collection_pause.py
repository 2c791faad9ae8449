"""Large messages are read without the garbage collector looking on."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Below this a collection is so short that pausing it is not worth a thought.
LARGE_BYTES = 256 * 1024


@contextmanager
def collection_paused(size: int) -> Iterator[None]:
    """Keep the collector from running where `size` bytes are about to become many objects.

    A plan of a hundred thousand tasks becomes millions of objects, none of them garbage and none
    in a cycle; collections meanwhile would triple the time. Nested and concurrent use only makes
    the pause end earlier.
    """
    if size < LARGE_BYTES or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
