"""Time that moves only when it is told to."""

# 2026-01-01T12:00:00Z: a moment that is easy to recognise in a failed test.
NOON_MS = 1_767_268_800_000


class VirtualClock:
    """A clock that stands still between one `advance` and the next."""

    def __init__(self, start_ms: int = NOON_MS) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Return the present moment in epoch milliseconds, UTC."""
        return self._now_ms

    def advance(self, by_ms: int) -> None:
        """Let `by_ms` pass; a negative number sets the clock back, as real ones sometimes are."""
        self._now_ms += by_ms
