"""The kinds of value that a setting can have: how its text is read, and what is allowed.

A setting comes as text, whatever its type. Where the type alone does not tell what is allowed,
`Allowed` says it in words, for the operator who got it wrong.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from orchestrator_dynamic.core.policy import PriorityWeights

# How far a sum of decimal fractions may be from 1 and still have been meant as 1.
WEIGHTS_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a setting allows, in words that end the sentence "allowed is …"."""

    words: str


def _listed(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _hosts_and_ports(value: tuple[str, ...]) -> tuple[str, ...]:
    for part in value:
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", part)
        if match is None or not 1 <= int(match[2]) <= 65535:
            raise ValueError(part)
    if not value:
        raise ValueError("none given")
    return value


def _address(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    def check(value: SecretStr) -> SecretStr:
        if not re.fullmatch(rf"({'|'.join(schemes)})://[^\s/]\S*", value.get_secret_value()):
            raise ValueError("not such an address")
        return value

    return check


def _weights(text: object) -> object:
    if not isinstance(text, str):
        return text
    pairs = [part.partition("=") for part in text.split(",")]
    named = {name.strip(): float(number) for name, _, number in pairs}
    if len(pairs) != len(named) or named.keys() != {"risk", "qos", "urgency"}:
        raise ValueError("each of the three must be named once")
    return PriorityWeights(**named)


def _adding_up(value: PriorityWeights) -> PriorityWeights:
    weights = (value.risk, value.qos, value.urgency)
    # Said positively, for nothing about a NaN is true.
    if min(weights) >= 0 and abs(sum(weights) - 1) <= WEIGHTS_TOLERANCE:
        return value
    raise ValueError("they must add up to 1")


def _upper(text: object) -> object:
    return text.strip().upper() if isinstance(text, str) else text


def _lower(text: object) -> object:
    return text.strip().lower() if isinstance(text, str) else text


UPPER_CASE = BeforeValidator(_upper)
LOWER_CASE = BeforeValidator(_lower)

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
# Thirty days: longer than any plan is meant to take, and far below what a timer can hold.
DurationMs = Annotated[int, Field(ge=1, le=30 * 86_400_000)]
Name = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._-]{1,128}$"),
    Allowed("1 to 128 letters, digits, dots, dashes and underscores"),
]
Host = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._:-]{1,253}$"),
    Allowed("the name or address of a host, without scheme and port"),
]
Topic = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._-]{1,249}$"),
    Allowed("the name of a topic: 1 to 249 letters, digits, dots, dashes and underscores"),
]
HostsAndPorts = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    AfterValidator(_hosts_and_ports),
    Allowed("host:port, or several separated by commas"),
]
CollectorAddress = Annotated[
    str,
    Field(pattern=r"^https?://[^\s/@]+(/\S*)?$"),
    Allowed("an address like http://host:4317, without a login"),
]
# These two can carry a password, so that they are kept like one.
RegistryAddress = Annotated[
    SecretStr, AfterValidator(_address("https?")), Allowed("an address like http://host:8081")
]
MongoAddress = Annotated[
    SecretStr,
    AfterValidator(_address("mongodb", r"mongodb\+srv")),
    Allowed("an address like mongodb://host:27017 or mongodb+srv://host"),
]
FilePath = Annotated[Path, Allowed("the path of a file")]
Weights = Annotated[
    PriorityWeights,
    BeforeValidator(_weights),
    AfterValidator(_adding_up),
    Allowed("risk=…,qos=…,urgency=… with weights from 0 to 1 that add up to 1"),
]
