"""Settings in words: what a setting allows, and its value without what is secret."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from orchestrator_dynamic.config.setting_types import Allowed
from orchestrator_dynamic.core.policy import PriorityWeights

MASK = "********"

_WORD_FOR = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    Path: "a path",
    SecretStr: "text",
    str: "text",
}

# What may be shown of an address. Anything that looks otherwise might be a login in disguise.
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z0-9+]+://)(?P<login>[^/?#@]*@)?"
    r"(?P<hosts>[A-Za-z0-9._:,\[\]-]+)(?P<path>/[A-Za-z0-9._/-]*)?(?P<options>\?[^@]*)?"
)


def allowed_words(field: FieldInfo) -> str:
    """Return what `field` allows, as words that end the sentence "allowed is …"."""
    field = _where_set(field)
    for item in field.metadata:
        if isinstance(item, Allowed):
            return item.words
    if words := _choices(field.annotation):
        return ", ".join(words[:-1]) + f" or {words[-1]}"
    return " ".join([_kind_words(field.annotation), *_bounds(field)])


def is_secret(field: FieldInfo) -> bool:
    """Return whether the value of `field` must never be shown as it came."""
    return _where_set(field).annotation is SecretStr


def shown(value: object) -> str:
    """Return `value` as text for people: secrets masked, and nothing for what is not set."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(value)
        case SecretStr():
            return without_credentials(value.get_secret_value())
        case PriorityWeights():
            return f"risk={value.risk:g},qos={value.qos:g},urgency={value.urgency:g}"
        case _:
            return str(value)


def without_credentials(secret: str) -> str:
    """Return an address without its login and options, and the mask for any other secret."""
    match = _ADDRESS.fullmatch(secret)
    if match is None:
        return MASK
    login = f"{MASK}@" if match["login"] else ""
    options = f"?{MASK}" if match["options"] else ""
    return f"{match['scheme']}{login}{match['hosts']}{match['path'] or ''}{options}"


def _where_set(field: FieldInfo) -> FieldInfo:
    """The field as it is where it has a value, for `None` only means that it has none."""
    members = get_args(field.annotation)
    if type(None) not in members:
        return field
    return FieldInfo.from_annotation(next(one for one in members if one is not type(None)))


def _kind_words(annotation: object) -> str:
    return next(words for kind, words in _WORD_FOR.items() if kind is annotation)


def _choices(annotation: Any) -> tuple[str, ...]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(annotation)
    return tuple(str(member) for member in get_args(annotation))


def _bounds(field: FieldInfo) -> list[str]:
    words = []
    for item in field.metadata:
        match item:
            case Ge():
                words.append(f"from {item.ge}")
            case Gt():
                words.append(f"above {item.gt}")
            case Le():
                words.append(f"to {item.le}")
            case Lt():
                words.append(f"and below {item.lt}")
            case _:
                pass
    return words
