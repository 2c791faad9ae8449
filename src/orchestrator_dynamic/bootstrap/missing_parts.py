"""Settings of parts that this version does not have."""

from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.errors import Misconfigured


def refuse_missing_parts(settings: Settings) -> None:
    """Make sure that no part is set which this version does not have; running without is no answer.

    Raises:
        Misconfigured: names every such setting.
    """
    if settings.otel_exporter_endpoint:
        raise Misconfigured("this version exports no traces; unset OTEL_EXPORTER_ENDPOINT")
