"""What becomes of an attempt, as the worker reports it."""

from collections.abc import Mapping
from typing import NamedTuple

from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.sdk.errors import PermanentFailure
from orchestrator_dynamic.wire import json_text

ERROR_LENGTH_MAX = 2_000


_NOTHING: Mapping[str, str] = {}


class Outcome(NamedTuple):
    """How an attempt ended.

    Attributes:
        error: why, where it did not end well; bounded.
        retryable: whether another attempt may end otherwise.
        timed_out: whether its time was up.
    """

    status: ExecutionStatus
    output: Mapping[str, str] = _NOTHING
    error: str | None = None
    retryable: bool = True
    timed_out: bool = False

    @property
    def metadata(self) -> dict[str, str]:
        """What the orchestrator is told beside the error."""
        said = {} if self.retryable else {"retryable": "false"}
        return {**said, "timed_out": "true"} if self.timed_out else said


CANCELLED = Outcome(ExecutionStatus.CANCELLED, error="the ticket was cancelled")


def completed(returned: object) -> Outcome:
    """Return the outcome of a handler that returned, encoding its output as text."""
    try:
        return Outcome(ExecutionStatus.COMPLETED, encoded(returned))
    except PermanentFailure as error:
        return failed(error)


def failed(error: BaseException) -> Outcome:
    """Return the outcome of a handler that raised `error`."""
    text = f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX]
    readable = text.encode(errors="replace").decode()
    retryable = not isinstance(error, PermanentFailure)
    return Outcome(ExecutionStatus.FAILED, error=readable, retryable=retryable)


def timed_out(limit_ms: int) -> Outcome:
    """Return the outcome of a handler that had not ended after `limit_ms`."""
    message = f"TimeoutError: the handler had not ended after its {limit_ms} ms"
    return Outcome(ExecutionStatus.FAILED, error=message, timed_out=True)


def encoded(returned: object) -> dict[str, str]:
    """Return what a handler returned as a map of texts: texts stay, the rest becomes JSON.

    Raises:
        PermanentFailure: it cannot be written; every attempt would end so.
    """
    if returned is None:
        return {}
    if not isinstance(returned, Mapping):
        kind = type(returned).__name__
        raise PermanentFailure(f"a handler returns a dict of output or None, and not a {kind}")
    return {_key(key): _text(key, value) for key, value in returned.items()}


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise PermanentFailure(f"the names of output are texts, and {key!r} is not")
    return key


def _text(key: object, value: object) -> str:
    try:
        text = value if isinstance(value, str) else json_text.canonical(value)
        if not text.isascii():
            text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentFailure(f"output {key!r} cannot be written as JSON: {error}") from error
    return text
