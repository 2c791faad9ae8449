"""From text to settings: all of it is read and judged before anything is refused."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from orchestrator_dynamic.config.section import Conflict
from orchestrator_dynamic.config.settings import Entry, Settings
from orchestrator_dynamic.config.sources import Given, read_sources
from orchestrator_dynamic.config.wording import MASK, allowed_words, is_secret
from orchestrator_dynamic.errors import Misconfigured

# A complaint repeats what was given, but not a whole file that was pasted into a variable.
GIVEN_SHOWN_MAX = 80

NO_OVERRIDES: Mapping[str, str] = {}


def load_settings(
    environ: Mapping[str, str], env_file: Path | None, overrides: Mapping[str, str] = NO_OVERRIDES
) -> Settings:
    """Return the settings in force: `overrides` before `environ` before `env_file` before defaults.

    Nothing else is read. An empty text puts the default in force, whatever a lower source says.

    Args:
        env_file: must be readable; None where there is none.
        overrides: from the command line, by the same names.

    Raises:
        Misconfigured: values or names are wrong; one line for each complaint, all of them at once.
    """
    entries = {entry.name: entry for entry in Settings.entries()}
    reading = read_sources(entries.keys(), environ, env_file, overrides)
    given = {name: one for name, one in reading.given.items() if one.text.strip()}

    impossible = _impossible([entries[name] for name in given], given)
    possible = [entries[name] for name in given if name not in impossible]
    settings = Settings.model_validate(_tree(possible, given))
    complaints = [
        *reading.complaints,
        *(_about_value(entries[name], given[name]) for name in given if name in impossible),
        *_about_conflicts(settings.conflicts(), given, impossible),
    ]
    if complaints:
        raise Misconfigured("\n".join(complaints))
    return settings.with_origins({name: one.origin for name, one in given.items()})


def _impossible(entries: Iterable[Entry], given: Mapping[str, Given]) -> frozenset[str]:
    """The names of the entries whose text is not allowed."""
    try:
        Settings.model_validate(_tree(entries, given))
    except ValidationError as error:
        places = [one["loc"] for one in error.errors(include_input=False)]
        return frozenset(
            entry.name
            for entry in entries
            if any(place[: len(entry.path)] == entry.path for place in places)
        )
    return frozenset()


def _tree(entries: Iterable[Entry], given: Mapping[str, Given]) -> dict[str, object]:
    """The texts of `entries`, nested as the settings are."""
    root: dict[str, object] = {}
    branches: dict[str, dict[str, object]] = {"": root}
    for entry in entries:
        branches.setdefault(entry.section, {})[entry.key] = given[entry.name].text
    root.update((section, branch) for section, branch in branches.items() if section)
    return root


def _about_value(entry: Entry, given: Given) -> str:
    text = MASK if is_secret(entry.field) else given.text
    short = text if len(text) <= GIVEN_SHOWN_MAX else f"{text[:GIVEN_SHOWN_MAX]}…"
    shown = json.dumps(short, ensure_ascii=False)
    return f"{entry.name} is {shown} ({given.place}); allowed is {allowed_words(entry.field)}"


def _about_conflicts(
    conflicts: Iterable[Conflict], given: Mapping[str, Given], impossible: frozenset[str]
) -> Iterable[str]:
    """Conflicts that are not merely the echo of an impossible value, which a default replaced."""
    for conflict in conflicts:
        if impossible.isdisjoint(conflict.names):
            places = ", ".join(
                f"{name} from {given[name].place}" for name in conflict.names if name in given
            )
            yield f"{conflict.message} ({places})"
