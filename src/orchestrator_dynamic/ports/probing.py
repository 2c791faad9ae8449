"""Trying out whether a backing service is fit for use, for `doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How grave a finding is: a warning wants a look, a problem keeps something from working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `remedy` says what to do where it is not well."""

    name: str
    verdict: Verdict
    finding: str
    remedy: str = ""


def ok(name: str, finding: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name, Verdict.OK, finding)


def warning(name: str, finding: str, remedy: str) -> Check:
    """Return a check that found something to look at."""
    return Check(name, Verdict.WARNING, finding, remedy)


def problem(name: str, finding: str, remedy: str) -> Check:
    """Return a check that found what keeps something from working."""
    return Check(name, Verdict.PROBLEM, finding, remedy)
