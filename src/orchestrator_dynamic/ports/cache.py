"""A place for what may be forgotten at any moment."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Cache(Protocol):
    """Hints. Whatever it answers, or whether it answers at all, changes nothing but speed.

    No call raises what concerns the cache, and none takes longer than a fraction of a second: a
    cache that is slow or away is one that knows nothing.
    """

    async def get(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Return what is known under `keys`; what is not known is left out."""
        ...

    async def put(self, values: Mapping[str, bytes], ttl_s: int) -> None:
        """Remember `values` for at most `ttl_s` seconds, as far as there is room."""
        ...
