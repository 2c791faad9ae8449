"""Which engine drives the plans of a command: the one in this process, or a Temporal server's."""

from enum import StrEnum
from typing import Annotated

import typer

from orchestrator_dynamic.config.settings import Settings


class Engine(StrEnum):
    """What keeps plans going."""

    EMBEDDED = "embedded"
    TEMPORAL = "temporal"


def alone_here(settings: Settings) -> Settings:
    """Return `settings` without any server: for what must work, and stay, on this machine."""
    return settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update={"bootstrap_servers": None}),
            "mongodb": settings.mongodb.model_copy(update={"uri": None}),
            "redis": settings.redis.model_copy(update={"cluster_nodes": None}),
            "schema_registry": settings.schema_registry.model_copy(update={"url": None}),
            "temporal": settings.temporal.model_copy(update={"host": None}),
        }
    )


EngineOption = Annotated[
    Engine | None,
    typer.Option(
        "--engine", help="What drives the plans; default: temporal where TEMPORAL_HOST is set."
    ),
]


def settings_for(
    settings: Settings, wanted: Engine | None, complaints: list[str]
) -> tuple[Settings, Engine]:
    """Return the settings under which the `wanted` engine runs, and which one that is.

    Args:
        wanted: None for the one that the settings name.
        complaints: takes a line where the settings have no such engine.
    """
    if wanted is None:
        wanted = Engine.EMBEDDED if settings.temporal.host is None else Engine.TEMPORAL
    if wanted is Engine.TEMPORAL and settings.temporal.host is None:
        complaints.append("--engine temporal: there is no Temporal server; set TEMPORAL_HOST")
    if wanted is Engine.EMBEDDED:
        temporal = settings.temporal.model_copy(update={"host": None})
        settings = settings.model_copy(update={"temporal": temporal})
    return settings, wanted
