"""Finds the workers that somebody has written, by the name of their module."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.sdk.worker import Worker


def load_workers(reference: str, directory: Path | None = None) -> tuple[Worker, ...]:
    """Return the workers that `reference` names, at least one.

    Args:
        reference: `module:name`, where `name` is a `Worker` or a tuple or list of them.
        directory: where modules are looked for first; the current one where none is given.

    Raises:
        Misconfigured: it does not name workers; the message says what to change. What the
            module itself raises comes through, for its author to see.
    """
    module_name, colon, name = reference.partition(":")
    if not (colon and module_name and name):
        raise Misconfigured(f"{reference!r} names no worker; write it as module:name")
    found = _attribute(_module(module_name, directory or Path.cwd()), name, reference)
    workers = tuple(found) if isinstance(found, tuple | list) else (found,)
    for worker in workers:
        if not isinstance(worker, Worker):
            kind = type(worker).__name__
            raise Misconfigured(f"{reference} is a {kind}; it must be a Worker or several of them")
    if not workers:
        raise Misconfigured(f"{reference} is empty; it must hold at least one Worker")
    return workers


def _module(name: str, directory: Path) -> ModuleType:
    # For good: a worker may import its neighbours as late as it likes.
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise Misconfigured(
                f"there is no module {error.name}, neither in {directory} nor installed"
            ) from error
        raise Misconfigured(f"module {name} needs {error.name}, which is not installed") from error
    except (ImportError, SyntaxError) as error:
        raise Misconfigured(
            f"module {name} cannot be imported: {type(error).__name__}: {error}"
        ) from error


def _attribute(module: ModuleType, name: str, reference: str) -> object:
    try:
        return getattr(module, name)
    except AttributeError as error:
        there = [key for key, value in vars(module).items() if isinstance(value, Worker)]
        hint = f"; its workers are {', '.join(there)}" if there else "; it has no worker"
        message = f"module {module.__name__} has no {name}{hint} ({reference})"
        raise Misconfigured(message) from error
