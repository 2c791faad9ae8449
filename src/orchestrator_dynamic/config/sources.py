"""Where settings come from: the command line, the environment, a file, in this order of rank."""

import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import Original, parse_stream

COMMAND_LINE = "command line"
ENVIRONMENT = "environment"
DEFAULT = "default"

# Nobody else names variables like this, so that an unknown one must be a slip. Elsewhere there
# are neighbours: KAFKA_OPTS, POSTGRES_DB, TEMPORAL_ADDRESS, OTEL_EXPORTER_OTLP_ENDPOINT.
OUR_PREFIXES = ("CAPABILITY_", "PLAN_", "RETRY_", "SCHEDULER_", "SLA_")

# Among neighbours a slip of the fingers is a name this close to one of ours.
SLIP_EDITS_MAX = 2

# What Kubernetes adds to the environment for a service that happens to be called `scheduler`.
_SERVICE_LINK = re.compile(
    r".+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)"
)


@dataclass(frozen=True, slots=True)
class Given:
    """The text that was given for a setting.

    Attributes:
        origin: command line, environment, or the path of the file.
        line: where in the file.
    """

    text: str
    origin: str
    line: int | None = None

    @property
    def place(self) -> str:
        """The origin, as precisely as it is known."""
        return self.origin if self.line is None else f"{self.origin}:{self.line}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sources say, and what is wrong with how they say it."""

    given: Mapping[str, Given]
    complaints: tuple[str, ...]


def read_sources(
    known: Collection[str],
    environ: Mapping[str, str],
    env_file: Path | None,
    overrides: Mapping[str, str],
) -> Reading:
    """Return what is given for the `known` names; names that are a mistake are complained about."""
    complaints: list[str] = []
    given: dict[str, Given] = {}
    if env_file is not None:
        _read_file(env_file, known, given, complaints)
    for name, text in environ.items():
        if name in known:
            given[name] = Given(text, ENVIRONMENT)
        elif slip := _slip_in_environment(name, known):
            complaints.append(slip)
    for name, text in overrides.items():
        if name in known:
            given[name] = Given(text, COMMAND_LINE)
        else:
            complaints.append(_unknown(name, COMMAND_LINE, known))
    return Reading(given, tuple(complaints))


def _read_file(
    path: Path, known: Collection[str], given: dict[str, Given], complaints: list[str]
) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        complaints.append(f"{path} cannot be read: {error}")
        return
    # Variables inside values are not expanded: a password may well contain `${`.
    for binding in parse_stream(io.StringIO(text)):
        line = _line(binding.original)
        place = f"{path}:{line}"
        key, value = binding.key, binding.value
        if binding.error or (key is not None and value is None):
            complaints.append(f"{place} is not a line like NAME=value")
        elif key is not None and value is not None and key in known:
            given[key] = Given(value, str(path), line)
        elif key is not None:
            complaints.append(_unknown(key, place, known))


def _line(original: Original) -> int:
    """The line of the statement itself, for what was read begins with the blank lines before."""
    blank = original.string[: len(original.string) - len(original.string.lstrip())]
    return original.line + blank.count("\n")


def _unknown(name: str, place: str, known: Collection[str]) -> str:
    close = get_close_matches(name.upper(), known, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{name} ({place}) is not a setting{hint}"


def _slip_in_environment(name: str, known: Collection[str]) -> str | None:
    if name.startswith(OUR_PREFIXES):
        return None if _SERVICE_LINK.fullmatch(name) else _unknown(name, ENVIRONMENT, known)
    word = name.upper().split("_")[0]
    for candidate in known:
        if candidate.split("_")[0] == word and edits(name.upper(), candidate) <= SLIP_EDITS_MAX:
            return f"{name} ({ENVIRONMENT}) is not a setting; did you mean {candidate}?"
    return None


def edits(one: str, other: str) -> int:
    """Return how many characters must be added, left out or changed to turn one into the other."""
    row = list(range(len(other) + 1))
    for number, character in enumerate(one, start=1):
        row = list(_next_row(row, number, character, other))
    return row[-1]


def _next_row(row: Sequence[int], number: int, character: str, other: str) -> Iterator[int]:
    left = number
    yield left
    for column, candidate in enumerate(other):
        left = min(left + 1, row[column + 1] + 1, row[column] + (character != candidate))
        yield left
