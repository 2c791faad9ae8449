"""What could not be taken in, as it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator_dynamic.errors import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What could not be taken in, and why; `size` and `sha256` are those of the whole message.

    Attributes:
        kept: how many of its bytes are kept.
        key: what it came under from a broker, its bytes as Latin-1; it goes back under the same.
        requeued_at, requeue_outcome: when it was last handed in again, and what became of it.
    """

    id: int
    at: int
    reason: str
    source: str
    findings: tuple[Finding, ...]
    headers: Mapping[str, str]
    size: int
    kept: int
    sha256: str
    key: str | None
    requeued_at: int | None
    requeue_outcome: str | None

    @property
    def truncated(self) -> bool:
        """Whether only the beginning of its body is kept."""
        return self.kept < self.size


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """Some dead letters, newest first; `next` asks for those that follow, None after the last."""

    letters: tuple[DeadLetter, ...]
    next: str | None
