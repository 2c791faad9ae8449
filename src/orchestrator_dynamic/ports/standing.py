"""How a backing service stands with those who call it, as its breaker's state is shown."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from orchestrator_dynamic.errors import Misconfigured, OrchestratorError, Unavailable

# With the waits between tries, about as long as a server needs to restart.
_FAILURES_MAX = 5


class BreakerState(IntEnum):
    """What a caller can expect of the next call; the numbers are those of the metric."""

    CLOSED = 0
    TRYING = 1
    OPEN = 2


class Standing:
    """What the last calls of one adapter to its service have met. Calls share one thread.

    An adapter makes its calls within `asking`. Calls that were under way together count once:
    one moment's outage fails them all.
    """

    def __init__(self, failures_max: int = _FAILURES_MAX) -> None:
        """Begin with a service of which nothing bad is known; so many failures in a row open it."""
        self._failures_max = failures_max
        self._failures = 0
        self._failed_at = 0.0
        self._refused = False

    @property
    def state(self) -> BreakerState:
        """Closed while calls are answered, open where they are refused or keep failing."""
        if self._refused or self._failures >= self._failures_max:
            return BreakerState.OPEN
        return BreakerState.TRYING if self._failures else BreakerState.CLOSED

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Note what becomes of one call, which raises our errors; they go on to the caller."""
        begun = time.monotonic()
        try:
            yield
        except Unavailable:
            if begun >= self._failed_at:
                self._failed_at = time.monotonic()
                self._failures += 1
            raise
        except Misconfigured:
            self._refused = True
            raise
        except OrchestratorError:
            # Whoever refuses one item is there.
            self._answered()
            raise
        self._answered()

    def _answered(self) -> None:
        self._failures, self._refused = 0, False
