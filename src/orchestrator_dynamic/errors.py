"""Five kinds of error, and what each asks of whoever meets it.

Handlers match kinds, adapters raise concrete subclasses, and `ADVICE` is the only place that
says what a kind means for retries, dead letters, HTTP and people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an error refuses the input, a warning is only recorded."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an input, in words that its sender can act on.

    Attributes:
        code: stable and lower case, for programs (`dependency_cycle`).
        severity: an error refuses the input, a warning does not.
        where: the place in the input, as a path (`tasks[3].dependencies`).
        message: what is wrong and what to do, for people.
    """

    code: str
    severity: Severity
    where: str
    message: str


class OrchestratorError(Exception):
    """What this package raises on purpose; always one of the five kinds below."""


class InvalidInput(OrchestratorError):
    """The sender's fault: refuse it, say every reason at once, keep it as a dead letter.

    Attributes:
        reason: the stable code of the refusal, for programs.
        findings: every reason, never empty.
    """

    def __init__(self, reason: str, findings: Sequence[Finding]) -> None:
        self.reason = reason
        self.findings = tuple(findings)
        super().__init__(f"{reason}: " + "; ".join(finding.message for finding in findings))


class Unavailable(OrchestratorError):
    """The world's fault, for now: try again with back-off; the effect may have happened."""


class Refused(OrchestratorError):
    """This item's fault, for good: give it up and go on with the others."""


class Misconfigured(OrchestratorError):
    """The operator's fault: stop and say what to set."""


class InvariantViolation(OrchestratorError):
    """Our own fault: stop this plan, keep its journal, call a person."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a kind of error."""

    retry: bool
    dead_letter: bool
    http_status: int
    page: bool
    log_level: str


ADVICE: dict[type[OrchestratorError], Advice] = {
    InvalidInput: Advice(False, True, 422, page=False, log_level="warning"),
    Unavailable: Advice(True, False, 503, page=False, log_level="warning"),
    Refused: Advice(False, False, 409, page=False, log_level="warning"),
    Misconfigured: Advice(False, False, 500, page=True, log_level="error"),
    InvariantViolation: Advice(False, False, 500, page=True, log_level="error"),
}


def advice_on(error: OrchestratorError) -> Advice:
    """Return what the kind of `error` asks of its handler."""
    for kind, advice in ADVICE.items():
        if isinstance(error, kind):
            return advice
    raise InvariantViolation(f"{type(error).__name__} is none of the five kinds") from error
