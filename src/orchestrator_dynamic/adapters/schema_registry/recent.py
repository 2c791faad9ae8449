"""A memory of bounded size and age."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Recent(Generic[KeyT, ValueT]):
    """Remembers the entries that were used last, each for so long at most.

    Args:
        entries_max: beyond it, what was not used for longest is forgotten.
        kept_s: None means as long as there is room.
        now: seconds that only rise.
    """

    def __init__(self, entries_max: int, kept_s: float | None, now: Callable[[], float]) -> None:
        self._entries: OrderedDict[KeyT, tuple[float, ValueT]] = OrderedDict()
        self._entries_max = entries_max
        self._kept_s = kept_s
        self._now = now

    def get(self, key: KeyT) -> ValueT | None:
        """Return what is remembered under `key`, if anything."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        noted_at, value = entry
        if self._kept_s is not None and self._now() - noted_at >= self._kept_s:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        """Remember `value` under `key` from now on."""
        self._entries[key] = (self._now(), value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def __len__(self) -> int:
        """Return how many entries are kept, old ones included."""
        return len(self._entries)
