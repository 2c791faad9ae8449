"""What the breakers of backing services say, as a metric."""

from typing import Literal

from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.standing import Standing

BackingService = Literal["kafka", "schema_registry", "mongodb", "temporal"]


class Breakers:
    """Shows how services stand with a process, each as its worst caller sees it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._standings: dict[BackingService, list[Standing]] = {}
        metrics.before_fetch(self._refresh)

    def watch(self, service: BackingService, *standings: Standing) -> None:
        """Show these as well, from now on; a service that nobody calls has no state."""
        self._standings.setdefault(service, []).extend(standings)

    def _refresh(self) -> None:
        for service, standings in self._standings.items():
            worst = max(one.state for one in standings)
            self._metrics.set("orchestration_breaker_state", float(worst), service=service)
