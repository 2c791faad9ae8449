"""The second look at a JSON text that the strict reader has refused: what is wrong, and where."""

import json
import math
from collections import Counter
from collections.abc import Iterator

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.wire.complaints import WHOLE, Complaints, member, shown

# Longer than any integer that a contract knows; parsing time grows with the square of the length.
INTEGER_DIGITS_MAX = 1_000
_PATH_SHOWN_MAX = 80


def refusal_of(marked: object, where: str) -> InvalidInput:
    """Return the error that names every key given twice and every number that is none.

    Args:
        marked: what `MARKING` has read from a text that holds at least one such fault.
        where: what to call the text as a whole.
    """
    complaints = Complaints()
    reason = ""
    for path, _, value in _walk(marked, where):
        for code, message in _faults(value):
            reason = reason or code
            complaints.error(code, path or where, f"{path or where}: {message}")
        if complaints.exhausted:
            break
    return complaints.refusal(reason)


def deep_place(value: object, depth_max: int, where: str) -> str:
    """Return the path of something in `value` that more than `depth_max` containers hold."""
    for path, depth, node in _walk(value, where):
        if depth == depth_max and isinstance(node, dict | list):
            return path if len(path) <= _PATH_SHOWN_MAX else f"{path[:_PATH_SHOWN_MAX]}…"
    return where


class _Repeating(dict[str, object]):
    """An object, and the keys that were given twice in it."""

    repeated: tuple[str, ...] = ()


class _NotANumber(str):
    """The text of a number that no number can hold."""

    __slots__ = ()


def _object(pairs: list[tuple[str, object]]) -> _Repeating:
    members = _Repeating(pairs)
    if len(members) != len(pairs):
        times = Counter(key for key, _ in pairs)
        members.repeated = tuple(key for key in members if times[key] > 1)
    return members


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= INTEGER_DIGITS_MAX else _NotANumber(digits)


def _number(digits: str) -> object:
    number = float(digits)
    return _NotANumber(digits) if math.isinf(number) else number


MARKING = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_NotANumber,
)


def _faults(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, _Repeating):
        for key in value.repeated:
            yield "duplicate_key", f"the key {shown(key)} is given more than once; keep one"
    if isinstance(value, _NotANumber):
        number = shown(str(value))
        yield "not_a_number", f"{number} is not a number that JSON can carry; send another"


def _walk(value: object, where: str) -> Iterator[tuple[str, int, object]]:
    """Yield everything in `value`, in reading order, with its path and how many hold it."""
    root = "" if where == WHOLE else where
    yield root, 0, value
    entered = [_members(root, value)]
    while entered:
        step = next(entered[-1], None)
        if step is None:
            entered.pop()
            continue
        path, node = step
        yield path, len(entered), node
        entered.append(_members(path, node))


def _members(path: str, node: object) -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        return ((member(path, key), child) for key, child in node.items())
    if isinstance(node, list):
        return ((member(path, index), child) for index, child in enumerate(node))
    return iter(())
