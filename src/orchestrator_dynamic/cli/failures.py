"""How an error ends a command: one line that says what to do, and an exit code; no traceback."""

import os
import sys

from orchestrator_dynamic.errors import Misconfigured, OrchestratorError

NOT_WELL, NOT_BEGUN, INTERRUPTED = 1, 2, 130
# As the shell tells of a program that SIGPIPE has ended.
READER_GONE = 141

Told = OrchestratorError | KeyboardInterrupt | BrokenPipeError


def told_failure(error: BaseException) -> int:
    """Tell `error` on stderr where a person can act on it, and return the exit code.

    Raises:
        BaseException: `error` itself, where it is none that this program raises on purpose.
    """
    known = _known(error)
    if known is None:
        raise error
    if isinstance(known, KeyboardInterrupt):
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    if isinstance(known, BrokenPipeError):
        # Whoever read along has had enough; what is still to be written goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    for line in str(known).splitlines():
        print(f"orq: {line}", file=sys.stderr)
    return NOT_BEGUN if isinstance(known, Misconfigured) else NOT_WELL


def _known(error: BaseException) -> Told | None:
    """Return what `error` comes down to; a group of tasks wraps what went wrong in one of them."""
    if isinstance(error, Told):
        return error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if known := _known(inner):
                return known
    return None
