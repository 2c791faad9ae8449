"""Strict JSON in, canonical JSON out.

Reading refuses what JSON readers commonly disagree on: a key given twice, numbers that are not
numbers (NaN, Infinity, 1e999, integers of a thousand digits), text that is not UTF-8 or cannot be
written as UTF-8 again, and nesting deeper than a bound. Two bounds hold for nesting: the caller's,
counted exactly, and before it the interpreter's own, met as a `RecursionError` while parsing.
"""

import json
import math
from typing import Any

import orjson

from orchestrator_dynamic.wire import json_faults
from orchestrator_dynamic.wire.complaints import WHOLE, refusal, shown

DEPTH_MAX = 64

_CONTAINERS = frozenset({dict, list})


def read(data: bytes | str, *, depth_max: int = DEPTH_MAX, where: str = WHOLE) -> object:
    """Return what the JSON in `data` says, in plain dicts, lists, strings and numbers.

    Args:
        depth_max: how many containers may hold one another.
        where: what to call `data` in the findings.

    Raises:
        InvalidInput: reason `empty`, `not_utf8`, `not_json`, `duplicate_key`, `not_a_number` or
            `nested_too_deeply`.
    """
    text = data if isinstance(data, str) else _decoded(data, where)
    if not text or text.isspace():
        raise refusal("empty", where, f"{where} is empty; send a JSON document")
    try:
        value = _parsed(_STRICT, text, depth_max, where)
    except _Fault:
        marked = _parsed(json_faults.MARKING, text, depth_max, where)
        raise json_faults.refusal_of(marked, where) from None
    if _deeper_than(depth_max, value):
        place = json_faults.deep_place(value, depth_max, where)
        message = f"{place} is nested deeper than {depth_max} levels; flatten it"
        raise refusal("nested_too_deeply", place, message)
    if "\\ud" in text or "\\uD" in text:
        _refuse_lone_surrogates(value, where)
    return value


def canonical(value: object) -> str:
    """Return the one JSON text for `value`: keys sorted, no blanks, non-ASCII as it is.

    Raises:
        ValueError: `value` holds a number that is not finite.
    """
    return _CANONICAL.encode(value)


def compact(value: object) -> bytes:
    """Return JSON for `value`, keys sorted, no blanks, in UTF-8: equal values give equal bytes.

    For messages, of which there are many. It differs from the canonical text only in how it spells
    the exponents of fractions, which may change with the library: never hash it.

    Raises:
        TypeError: `value` holds what JSON cannot carry, half a character among it.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


class _Fault(Exception):
    """The fast reader met something that the slow one must explain."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Fault
    return members


def _integer(digits: str) -> int:
    if len(digits) > json_faults.INTEGER_DIGITS_MAX:
        raise _Fault
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _Fault
    return number


def _no_constant(name: str) -> object:
    raise _Fault


_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_finite,
    parse_constant=_no_constant,
)
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def _decoded(data: bytes, where: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{where} is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}"
        raise refusal("not_utf8", where, message) from None
    return text.removeprefix("\ufeff")


def _parsed(decoder: json.JSONDecoder, text: str, depth_max: int, where: str) -> object:
    try:
        value: object = decoder.decode(text)
    except json.JSONDecodeError as error:
        near = shown(text[max(0, error.pos - 20) : error.pos + 20])
        at = f"line {error.lineno} column {error.colno}"
        message = f"{where} is not JSON: {error.msg}: {at}, near {near}"
        raise refusal("not_json", where, message) from None
    except RecursionError:
        message = f"{where} is nested far deeper than {depth_max} levels; flatten it"
        raise refusal("nested_too_deeply", where, message) from None
    return value


def _deeper_than(depth_max: int, value: Any) -> bool:
    level = [value] if type(value) in _CONTAINERS else []
    depth = 0
    while level:
        depth += 1
        if depth > depth_max:
            return True
        # By exact type, and in one expression: a plan has millions of values.
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _CONTAINERS
        ]
    return False


def _refuse_lone_surrogates(value: object, where: str) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        message = f"{where} holds {half}, half of a character; send both halves"
        raise refusal("not_utf8", where, message) from None
