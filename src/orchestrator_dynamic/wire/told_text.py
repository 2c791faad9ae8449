"""What is told to a plan's workflow, as one text: a workflow carries it and never looks inside."""

from collections.abc import Sequence

import orjson
from pydantic import TypeAdapter, ValidationError

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.ports.plan_workflows import Told

_ALL_TOLD = TypeAdapter(tuple[Told, ...])


def encode(told: Sequence[Told]) -> str:
    """Return `told` as text, in its order."""
    return orjson.dumps(list(told)).decode()


def decode(text: str) -> tuple[Told, ...]:
    """Return what `encode` was given.

    Raises:
        InvariantViolation: nothing of ours can have written it.
    """
    try:
        return _ALL_TOLD.validate_json(text)
    except ValidationError as error:
        raise InvariantViolation("what a workflow was told cannot be read") from error
