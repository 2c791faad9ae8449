"""What a rule is: a name, and a function that finds where a file breaks it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.architecture.source_file import SourceFile


@dataclass(frozen=True, slots=True)
class Breach:
    """One place that breaks a rule.

    Attributes:
        line: counted from 1.
        message: what is wrong, and what to do instead.
    """

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A promise about source text that a machine can keep.

    Attributes:
        name: the promise, as a claim.
        breaches: yields every breach in one file, and nothing for files it does not concern.
    """

    name: str
    breaches: Callable[[SourceFile], Iterator[Breach]]

    def complaints(self, file: SourceFile) -> list[str]:
        """Return each breach as `file:line: message`, which editors and terminals can open."""
        return [f"{file.path}:{breach.line}: {breach.message}" for breach in self.breaches(file)]
