"""What every group of settings has in common."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


@dataclass(frozen=True, slots=True)
class Conflict:
    """Settings that are possible one by one, but not together, and why."""

    names: tuple[str, ...]
    message: str


class Section(BaseSettings):
    """Settings that belong together; a setting's name is the section's prefix and the field's."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller alone: `load_settings` reads, and knows every origin."""
        return (init_settings,)

    @classmethod
    def named_fields(cls) -> Iterator[tuple[str, str, FieldInfo]]:
        """Return every setting's name, field name and field, in the order of definition."""
        prefix = cls.model_config.get("env_prefix", "")
        for key, field in cls.model_fields.items():
            yield f"{prefix}{key}".upper(), key, field

    def conflicts(self) -> Iterator[Conflict]:
        """Return which of these settings are each possible, but not together."""
        yield from ()
