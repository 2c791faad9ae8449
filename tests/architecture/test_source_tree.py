"""The repository's own source keeps every rule of the rulebook."""

import pytest

from tests.architecture.rule import Rule
from tests.architecture.rulebook import RULES
from tests.architecture.source_file import PACKAGE, SourceFile, repository_files


@pytest.fixture(scope="module")
def files() -> tuple[SourceFile, ...]:
    """Every Python file, read and parsed once for all rules."""
    return repository_files()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "-"))
def test_every_file_keeps(rule: Rule, files: tuple[SourceFile, ...]) -> None:
    """A rule that only people keep is broken by the next hurry."""
    complaints = [complaint for file in files for complaint in rule.complaints(file)]

    assert not complaints, f"{rule.name}:\n" + "\n".join(complaints)


def test_the_rules_see_the_package_and_the_tests(files: tuple[SourceFile, ...]) -> None:
    """Rules over no files would hold for ever."""
    paths = {file.path for file in files}

    assert PACKAGE / "errors.py" in paths
    assert any(file.tests for file in files)
