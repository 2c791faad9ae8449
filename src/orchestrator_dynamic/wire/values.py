"""How single values are spelt by those who send them, and what they come to.

None of these refuses anything: what cannot be understood is returned as it came, and the models,
which know what is allowed, refuse it.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

from orchestrator_dynamic.models.base import ENTRIES_MAX
from orchestrator_dynamic.models.vocabulary import Priority, SecurityLevel, TaskType
from orchestrator_dynamic.wire import json_text

# Older words, still sent by planners that have not been updated.
_OLDER_TASK_TYPES = {
    "analyze": TaskType.QUERY,
    "analyse": TaskType.QUERY,
    "review": TaskType.VALIDATE,
    "generate": TaskType.EXECUTE,
    "code_generation": TaskType.EXECUTE,
    "inference": TaskType.EXECUTE,
    "aggregate": TaskType.TRANSFORM,
}
_TASK_TYPES = {kind.casefold(): kind for kind in TaskType} | _OLDER_TASK_TYPES

# The highest number, of 1 to 10, that still belongs to the word.
_PRIORITY_BANDS = (
    (2, Priority.LOW),
    (5, Priority.NORMAL),
    (8, Priority.HIGH),
    (10, Priority.CRITICAL),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_BLANKS = re.compile(r"[\s-]+")
_WHOLE_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,18})\s*")
_VERSION = re.compile(r"\s*v?([0-9]{1,9})(?:\.[0-9]+)*\s*", re.IGNORECASE)


def word_of(allowed: Iterable[str]) -> Callable[[object], object]:
    """Return a reader of the `allowed` words, whatever their case."""
    spellings = {word.casefold(): word for word in allowed}

    def word(value: object) -> object:
        return spellings.get(value.strip().casefold(), value) if isinstance(value, str) else value

    return word


def known_task_type(value: object) -> TaskType | None:
    """Return the task type that `value` means, of today's words and older ones, or None."""
    if not isinstance(value, str):
        return None
    return _TASK_TYPES.get(value) or _TASK_TYPES.get(_BLANKS.sub("_", value.strip().casefold()))


def priority(value: object) -> object:
    """Return the priority that a word, or a number from 1 to 10, means."""
    number = whole_number(value)
    if isinstance(number, int) and number >= 1:
        return next((word for most, word in _PRIORITY_BANDS if number <= most), value)
    return _priority_word(value)


security_level = word_of(SecurityLevel)
_priority_word = word_of(Priority)


def epoch_ms(value: object) -> object:
    """Return a time as milliseconds since 1970 in UTC; no zone means UTC."""
    if isinstance(value, datetime):
        return _milliseconds(value, value)
    number = whole_number(value)
    if isinstance(number, int) or not isinstance(value, str):
        return number
    try:
        return _milliseconds(datetime.fromisoformat(value.strip()), value)
    except ValueError:
        return value


def schema_version(value: object) -> object:
    """Return a version as a number: of text such as `1`, `v1` or `1.0.0` what leads."""
    match = _VERSION.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else value


def text_map(value: object) -> object:
    """Return a map in which every value is text."""
    if not isinstance(value, dict):
        return value
    return {key: item if type(item) is str else as_text(item) for key, item in value.items()}


def short_map(value: object) -> object:
    """Return a map as it is, or of one that is too long just so much that it is seen to be.

    The models complain about each entry: about millions there would be more complaints than memory.
    """
    if not isinstance(value, dict) or len(value) <= ENTRIES_MAX:
        return value
    return dict(islice(value.items(), ENTRIES_MAX + 1))


def text_list(value: object) -> object:
    """Return a list in which every item is text."""
    if not isinstance(value, list):
        return value
    return [item if type(item) is str else as_text(item) for item in value]


def as_text(value: object) -> str:
    """Return `value` as JSON text that is always the same for it; what is text stays as it is."""
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    try:
        return json_text.canonical(value)
    except (RecursionError, TypeError, ValueError):
        # Avro can carry what JSON cannot: bytes, decimals, NaN.
        return str(value)


def whole_number(value: object) -> object:
    """Return a whole number that was sent as such, as a float or as text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    match = _WHOLE_NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match:
        return int(match[1])
    return str(value) if isinstance(value, bool) else value


def _milliseconds(moment: datetime, value: object) -> object:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return (aware - _EPOCH) // _MILLISECOND
    except OverflowError:
        return value
