"""Facts as the journal keeps them: JSON with a kind and a version, old versions read as new ones.

A change of a fact's fields raises its kind's version by one: append to `UPCASTS` the step that
makes the new form of the old one. What has been journaled is never rewritten.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from orchestrator_dynamic.core.facts import Fact
from orchestrator_dynamic.errors import InvariantViolation, Misconfigured

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

# By kind: the steps from version 1 to 2, from 2 to 3, and so on.
UPCASTS: Mapping[str, tuple[Upcast, ...]] = {}

_KINDS = frozenset(one.__dataclass_fields__["kind"].default for one in get_args(Fact))
_FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Field(discriminator="kind")])


def version_of(kind: str, upcasts: Mapping[str, tuple[Upcast, ...]] = UPCASTS) -> int:
    """Return the version in which facts of this kind are written today."""
    return len(upcasts.get(kind, ())) + 1


def encode(fact: Fact) -> str:
    """Return the JSON text of `fact` at today's version."""
    return orjson.dumps(fact).decode()


def decode(
    kind: str, version: int, body: str, upcasts: Mapping[str, tuple[Upcast, ...]] = UPCASTS
) -> Fact:
    """Return the fact that was written as `body` at `version`.

    Raises:
        Misconfigured: a newer program has written it, which must go on with the plan.
        InvariantViolation: nothing of ours can have written it; its plan must stop.
    """
    try:
        if version > version_of(kind, upcasts) or kind not in _KINDS:
            raise Misconfigured(
                f"a {kind} of version {version} was written by a newer program; use that one"
            )
        if version == version_of(kind, upcasts):
            return _FACT.validate_json(body)
        fields = orjson.loads(body)
        for step in upcasts[kind][version - 1 :]:
            fields = step(fields)
        return _FACT.validate_python(fields)
    except (ValidationError, KeyError, orjson.JSONDecodeError) as error:
        raise InvariantViolation(f"a {kind} of version {version} cannot be read") from error
