"""Options that several commands share, and the settings that follow from them."""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator_dynamic.config.loading import load_settings
from orchestrator_dynamic.config.settings import Settings
from orchestrator_dynamic.observability.logging import configure_logging

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Directory of journal and records; default: DATA_DIR, or .orchestrator-dynamic.",
        file_okay=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs, nothing else.")]

ENV_FILE = Path(".env")


def settings_in_force(
    data_dir: Path | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings from the command line, the environment and `.env`; logging follows them.

    Raises:
        Misconfigured: with every complaint at once.
    """
    told = dict(overrides or {})
    if data_dir is not None:
        told["DATA_DIR"] = str(data_dir)
    settings = load_settings(os.environ, ENV_FILE if ENV_FILE.is_file() else None, told)
    configure_logging(settings.log_level, settings.log_format)
    if settings.log_level != "DEBUG":
        # It tells each failed connection as an error; what that means for the work we say once.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return settings


def console() -> Console:
    """Return where people read: stdout, with colours only on a terminal."""
    return Console(file=sys.stdout, soft_wrap=not sys.stdout.isatty(), highlight=False)
