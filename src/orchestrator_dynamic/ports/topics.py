"""Where messages go; each name is a setting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The names of the topics that we write to. Source: contracts, "Topics".

    Attributes:
        relayed: whether messages wait in the outbox for a broker; else they are told to nobody
            outside, and have arrived once they are durable.
    """

    incidents: str = "orchestration.incidents"
    telemetry: str = "telemetry.orchestration"
    sla_alerts: str = "sla.alerts"
    sla_violations: str = "sla.violations"
    relayed: bool = False
