"""Each rule finds what it is for, where it is, and leaves its innocent neighbour alone."""

from pathlib import PurePosixPath

import pytest

from tests.architecture.examples import EXAMPLES, EXEMPT, Example
from tests.architecture.rulebook import RULES
from tests.architecture.source_file import SourceFile

RULE_BY_NAME = {rule.name: rule for rule in RULES}


def breached_lines(rule: str, path: str, text: str) -> list[int]:
    """Return the lines of `text`, standing at `path`, that break the rule of that name."""
    file = SourceFile(PurePosixPath(path), text)
    return sorted(breach.line for breach in RULE_BY_NAME[rule].breaches(file))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_guilty_line_is_found(example: Example) -> None:
    """A rule that cannot fail is worthless."""
    assert breached_lines(example.rule, example.path, example.guilty) == [example.line]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_innocent_neighbour_is_left_alone(example: Example) -> None:
    """A rule that cries wolf is soon switched off."""
    assert breached_lines(example.rule, example.path, example.innocent) == []


@pytest.mark.parametrize(("rule", "path", "text"), EXEMPT)
def test_a_named_exception_is_left_alone(rule: str, path: str, text: str) -> None:
    """What a rule allows in one place it must not report there."""
    assert breached_lines(rule, path, text) == []


def test_every_rule_has_an_example() -> None:
    """A rule joins the rulebook together with the proof that it bites."""
    assert {example.rule for example in EXAMPLES} == set(RULE_BY_NAME)


def test_a_complaint_can_be_opened_in_an_editor() -> None:
    """File and line come first, in the form that every tool understands."""
    file = SourceFile(PurePosixPath("tests/unit/test_x.py"), "import mock\n")

    (complaint,) = RULE_BY_NAME["tests use the real thing"].complaints(file)

    assert complaint.startswith("tests/unit/test_x.py:1: ")
