"""How much a command for people logs beside what it prints."""

from pathlib import Path

from orchestrator_dynamic.cli.options import settings_in_force
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.config.sources import DEFAULT
from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.observability.logging import configure_logging

# What the story of a plan would say, such a command prints itself.
QUIET, STORY = "WARNING", "INFO"


def settings_for_people(data_dir: Path | None, verbose: bool, complaints: list[str]) -> Settings:
    """Return the settings in force; unless somebody says how much, only warnings are logged.

    Args:
        complaints: takes a line for each setting that is not possible; what is returned then
            serves to look for further complaints.
    """
    try:
        settings = settings_in_force(data_dir, {"LOG_LEVEL": STORY} if verbose else None)
    except Misconfigured as error:
        complaints += str(error).splitlines()
        return Settings()
    origin = next(row.source for row in settings.table() if row.name == "LOG_LEVEL")
    if origin == DEFAULT:
        configure_logging(QUIET, settings.log_format)
        return settings.model_copy(update={"log_level": QUIET})
    return settings
