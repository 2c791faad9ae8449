"""How much a command for people logs beside what it prints."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from orchestrator_dynamic.cli.options import settings_in_force
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.config.sources import DEFAULT
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.observability.logging import configure_logging

# The story of a plan is what such a command prints itself.
QUIET, STORY = "WARNING", "INFO"


def settings_for_people(
    data_dir: Path | None,
    complaints: list[str],
    *,
    verbose: bool = False,
    quiet: str = QUIET,
    overrides: Mapping[str, str] = MappingProxyType({}),
) -> Settings:
    """Return the settings in force; it logs little unless somebody wants more.

    Args:
        quiet: the least that is logged then.
        complaints: takes a line for each setting that is not possible; what is returned then
            serves to look for further complaints.
    """
    try:
        settings = settings_in_force(
            data_dir, {**overrides, **({"LOG_LEVEL": STORY} if verbose else {})}
        )
    except Misconfigured as error:
        complaints += str(error).splitlines()
        return Settings()
    origin = next(row.source for row in settings.table() if row.name == "LOG_LEVEL")
    if origin == DEFAULT:
        configure_logging(quiet, settings.log_format)
        return settings.model_copy(update={"log_level": quiet})
    return settings
