"""Deleting what has ended long ago."""

from dataclasses import dataclass, fields
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """How many rows of each kind were deleted, or would be."""

    workflows: int = 0
    tickets: int = 0
    facts: int = 0
    answers: int = 0
    audit: int = 0
    incidents: int = 0
    messages: int = 0
    dead_letters: int = 0
    requests: int = 0

    @property
    def total(self) -> int:
        """How many rows that is in all."""
        return sum(getattr(self, field.name) for field in fields(self))


class Retention(Protocol):
    """Deletes ended workflows with everything of theirs, and dead letters; open ones never.

    The decision of a pruned workflow stays known: sent again it is a repeat and starts nothing.
    May be used beside a running engine, which goes on meanwhile.
    """

    async def prune(self, before: int) -> Pruned:
        """Delete what ended before this moment (epoch ms); a repeat resumes what was interrupted.

        Raises:
            StorageFailed: a commit failed; what was deleted before it stays deleted.
        """
        ...

    def prunable(self, before: int) -> Pruned:
        """Return what `prune` would delete now, and change nothing."""
        ...
