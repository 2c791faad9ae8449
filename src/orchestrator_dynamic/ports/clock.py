"""Where drivers get the time from."""

from typing import Protocol


class Clock(Protocol):
    """The present moment, as data."""

    def now_ms(self) -> int:
        """Return the present moment in epoch milliseconds, UTC. It may stand still or go back."""
        ...
