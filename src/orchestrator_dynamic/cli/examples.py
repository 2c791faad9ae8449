"""The project's examples, wherever this program was installed from."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def example_decision(name: str) -> bytes:
    """Return the decision called `name` among the examples.

    Raises:
        FileNotFoundError: there is no such example.
    """
    return (_folder() / "decisions" / f"{name}.json").read_bytes()


def _folder() -> Traversable:
    packaged = resources.files("orchestrator_dynamic") / "examples"
    if packaged.is_dir():
        return packaged
    # A checkout keeps the examples beside `src`, where people look for them.
    return Path(__file__).resolve().parents[3] / "examples"
