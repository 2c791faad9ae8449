"""The machine's own clock."""

from time import time_ns


class SystemClock:
    """A `Clock` that tells the machine's time."""

    def now_ms(self) -> int:
        """As the port says."""
        return time_ns() // 1_000_000
