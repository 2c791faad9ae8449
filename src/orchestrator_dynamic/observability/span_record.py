"""A span that has ended, before any library knows of it."""

from collections.abc import Mapping
from typing import NamedTuple


class SpanRecord(NamedTuple):
    """A span that has ended; moments are epoch milliseconds.

    Attributes:
        error: what went wrong; None where nothing did.
        link: another span of the same trace that this one is about.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    begin: int
    end: int
    attributes: Mapping[str, str | int]
    error: str | None = None
    link: str | None = None
