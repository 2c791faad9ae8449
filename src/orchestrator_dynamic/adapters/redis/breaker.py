"""Leaving a cluster alone that does not answer, and trying it again later."""

import time
from contextlib import suppress

from circuitbreaker import STATE_CLOSED, STATE_OPEN, CircuitBreaker  # type: ignore[import-untyped]

from orchestrator_dynamic.errors import Unavailable
from orchestrator_dynamic.ports.standing import BreakerState


class Breaker:
    """Opens after `failures_max` failures in a row, and lets calls through again after `pause_s`.

    The first call after the pause decides whether it closes or opens again.
    """

    def __init__(self, failures_max: int, pause_s: float) -> None:
        self._circuit = CircuitBreaker(
            failure_threshold=failures_max,
            recovery_timeout=pause_s,
            expected_exception=Unavailable,
            name="redis",
        )
        self._failed_at = 0.0

    @property
    def state(self) -> BreakerState:
        """What it does with the next call."""
        match self._circuit.state:
            case str(state) if state == STATE_CLOSED:
                return BreakerState.CLOSED
            case str(state) if state == STATE_OPEN:
                return BreakerState.OPEN
            case _:
                return BreakerState.TRYING

    @property
    def open(self) -> bool:
        """Whether calls are not worth their time now."""
        return self.state is BreakerState.OPEN

    def succeeded(self) -> None:
        """A call was answered."""
        self._circuit.reset()

    def failed(self, begun: float) -> None:
        """A call that began at `begun` (monotonic seconds) was not answered.

        Calls that were under way together count once: where this process itself stood still,
        all of them run out of time at the same moment, through no fault of the cluster.
        """
        if begun < self._failed_at:
            return
        self._failed_at = time.monotonic()
        with suppress(Unavailable), self._circuit:
            raise Unavailable("Redis did not answer")
