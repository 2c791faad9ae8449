"""Where messages go; each name is a setting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The names of the topics that we write to. Source: contracts, "Topics"."""

    incidents: str = "orchestration.incidents"
    telemetry: str = "telemetry.orchestration"
    sla_alerts: str = "sla.alerts"
    sla_violations: str = "sla.violations"
