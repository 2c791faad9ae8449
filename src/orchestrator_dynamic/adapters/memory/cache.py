"""What may be forgotten, in this process's own memory."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

# As much as other adapters of the port keep of one value.
VALUE_BYTES_MAX = 64 * 1024


class MemoryCache:
    """A `Cache` of at most `entries_max` values; of too many, those unused for longest go first.

    Args:
        clock: seconds that never go back, such as `time.monotonic`.
        value_bytes_max: a larger value is not remembered.
    """

    def __init__(
        self,
        entries_max: int,
        clock: Callable[[], float],
        *,
        value_bytes_max: int = VALUE_BYTES_MAX,
    ) -> None:
        self._entries_max = entries_max
        self._clock = clock
        self._value_bytes_max = value_bytes_max
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """As the port says."""
        now = self._clock()
        found: dict[str, bytes] = {}
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            value, expires_at = entry
            if expires_at <= now:
                del self._entries[key]
                continue
            self._entries.move_to_end(key)
            found[key] = value
        return found

    async def put(self, values: Mapping[str, bytes], ttl_s: int) -> None:
        """As the port says; nothing is remembered for less than a second."""
        if ttl_s < 1:
            return
        expires_at = self._clock() + ttl_s
        for key, value in values.items():
            if len(value) <= self._value_bytes_max:
                self._entries[key] = (value, expires_at)
                self._entries.move_to_end(key)
        while len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)
