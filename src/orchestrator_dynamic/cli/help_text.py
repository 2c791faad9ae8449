"""Docstrings as the help of commands."""

from collections.abc import Callable
from inspect import getdoc


def help_of(command: Callable[..., None]) -> str:
    """Return the docstring of `command` with each paragraph on one line, for terminals to wrap."""
    paragraphs = (getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
