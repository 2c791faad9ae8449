"""Where messages go, by the settings."""

from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.ports.topics import Topics


def topics_of(settings: Settings, *, relayed: bool) -> Topics:
    """Return where messages go; `relayed` where there is a broker for them."""
    kafka = settings.kafka
    return Topics(
        incidents=kafka.incidents_topic,
        telemetry=kafka.telemetry_topic,
        sla_alerts=kafka.sla_alerts_topic,
        sla_violations=kafka.sla_violations_topic,
        relayed=relayed,
    )
