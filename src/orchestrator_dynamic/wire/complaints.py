"""How a refusal is worded: what is wrong, where, what was sent, and what to send instead."""

import reprlib
from collections.abc import Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orchestrator_dynamic.errors import Finding, InvalidInput, Severity
from orchestrator_dynamic.wire.field_names import is_time

# Where a finding is that concerns no part of a message more than another.
WHOLE = "message"

SHOWN_MAX = 80
LISTED_MAX = 100

# Beyond this nobody needs to know how many more there are, and looking for them is a waste.
COUNTED_MAX = 100_000
_NAME_SHOWN_MAX = 40

_CODES = {
    "missing": "missing_field",
    "enum": "unknown_word",
    "literal_error": "unknown_word",
    "string_too_short": "wrong_length",
    "string_too_long": "wrong_length",
    "too_long": "wrong_length",
    "string_pattern_mismatch": "control_character",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "not_a_number",
}
_MESSAGES = {
    "missing": "is missing; it must be given",
    "string_too_short": "is empty; it must be given",
    "string_pattern_mismatch": "holds a control character; remove it",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def shown(value: object) -> str:
    """Return `value` for people: quoted, on one line, at most 80 characters of it."""
    text = _SHORT.repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 1]}…"


def member(path: str, name: str | int) -> str:
    """Return the path of what `name` stands for inside `path`, as in `tasks[3].task_type`."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    printable = name if name.isprintable() else ascii(name)[1:-1]
    cut = printable[:_NAME_SHOWN_MAX] + "…" * (len(printable) > _NAME_SHOWN_MAX)
    return f"{path}.{cut}" if path else cut


def refusal(reason: str, where: str, message: str) -> InvalidInput:
    """Return the error for an input in which one thing is wrong, with `reason` as its code."""
    return InvalidInput(reason, (Finding(reason, Severity.ERROR, where, message),))


class Complaints:
    """Findings as they come up, of which the first hundred are listed and the rest counted."""

    def __init__(self) -> None:
        self._errors: list[Finding] = []
        self._warnings: list[Finding] = []
        self._errors_total = 0
        self._warnings_total = 0

    def error(self, code: str, where: str, message: str) -> None:
        """Note something that refuses the input."""
        self._errors_total += 1
        if len(self._errors) < LISTED_MAX:
            self._errors.append(Finding(code, Severity.ERROR, where, message))

    def warning(self, code: str, where: str, message: str) -> None:
        """Note something that is accepted, and that the audit should tell."""
        self._warnings_total += 1
        if len(self._warnings) < LISTED_MAX:
            self._warnings.append(Finding(code, Severity.WARNING, where, message))

    def invalid(self, error: ValidationError, where: str = "", first: int = 0) -> None:
        """Note everything in `error`, which is about what lies at `where`.

        Args:
            first: where a part of a list was looked at, the index at which the part begins.
        """
        self._errors_total += error.error_count()
        room = LISTED_MAX - len(self._errors)
        if room > 0:
            details = error.errors(include_url=False)
            self._errors += [_finding(detail, where, first) for detail in details[:room]]

    def refused(self, error: InvalidInput) -> None:
        """Note everything that another reader has found."""
        for finding in error.findings:
            self.error(finding.code, finding.where, finding.message)

    @property
    def any_errors(self) -> bool:
        """Whether the input is refused."""
        return self._errors_total > 0

    @property
    def exhausted(self) -> bool:
        """Whether so much is wrong that the rest need not be looked at."""
        return self._errors_total >= COUNTED_MAX

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return what was accepted all the same; the last one says how many more there are."""
        return _listed(self._warnings, self._warnings_total, Severity.WARNING)

    def refusal(self, reason: str = "contract") -> InvalidInput:
        """Return the error that says it all; the last finding says how many more there are."""
        return InvalidInput(reason, _listed(self._errors, self._errors_total, Severity.ERROR))


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = SHOWN_MAX
_SHORT.maxlevel = 3


def _listed(findings: Sequence[Finding], total: int, severity: Severity) -> tuple[Finding, ...]:
    more = total - len(findings)
    if not more:
        return tuple(findings)
    number = f"{more:,}" if total < COUNTED_MAX else f"at least {more:,}"
    last = Finding("more_findings", severity, WHOLE, f"and {number} more of the kind")
    return (*findings, last)


def _finding(detail: ErrorDetails, where: str, first: int) -> Finding:
    kind, path = detail["type"], where
    for depth, name in enumerate(detail["loc"]):
        path = member(path, name + first if depth == 0 and isinstance(name, int) else name)
    message = _message(detail, path)
    if kind not in ("missing", "string_too_short"):
        message += f"; it is {shown(detail['input'])}"
    return Finding(_CODES.get(kind, "wrong_type"), Severity.ERROR, path or WHOLE, message)


def _message(detail: ErrorDetails, path: str) -> str:
    kind, limits = detail["type"], detail.get("ctx", {})
    if kind.startswith(("int_", "float_")) and is_time(path):
        return f"{path} must be a time: epoch milliseconds, or ISO-8601 text"
    if kind in _MESSAGES:
        return f"{path} {_MESSAGES[kind]}"
    match kind:
        case "enum" | "literal_error":
            return f"{path} must be one of {limits['expected']}"
        case "string_too_long":
            return f"{path} must have at most {limits['max_length']} characters"
        case "too_long":
            return f"{path} must have at most {limits['max_length']:,} entries"
        case "greater_than_equal":
            return f"{path} must be at least {limits['ge']}"
        case "less_than_equal":
            return f"{path} must be at most {limits['le']}"
        case _:
            return f"{path}: {detail['msg']}"
