"""The repository is about the product alone: no machine and no registry stands in its texts."""

from pathlib import Path

import pytest

from tests.architecture.repository_text import repository_texts, unwelcome


def test_no_text_names_a_machine_or_a_registry() -> None:
    """What works on one machine only, or through one mirror only, does not work."""
    complaints = [
        f"{path}:{breach.line}: {breach.message}"
        for path, text in repository_texts()
        for breach in unwelcome(text)
    ]

    assert not complaints, "\n".join(complaints)


def test_the_search_covers_the_repository() -> None:
    """A search through nothing would find nothing for ever."""
    paths = {path for path, _ in repository_texts()}

    assert {Path("pyproject.toml"), Path("requirements/dev.txt"), Path("Makefile")} <= paths


# With a gap in each, so that this file may be searched like any other.
@pytest.mark.parametrize(
    "gapped",
    [
        "cd /ro|ot/project",
        "see '/ho|me/alice/notes'",
        "path=/Us|ers/bob",
        "pip install --index|-url https://mirror",
        "pip install --extra-index|-url=https://mirror",
        "pip install --find|-links wheels",
        "https://py|pi.org/simple",
        "https://files.python|hosted.org/packages",
    ],
)
def test_an_unwelcome_line_is_found(gapped: str) -> None:
    """A rule that cannot fail is worthless."""
    line = gapped.replace("|", "")

    assert [breach.line for breach in unwelcome(f"fine\n{line}\n")] == [2]


@pytest.mark.parametrize(
    "line",
    ["docs/wo|rk/plan.md", "https://example.org/home/x", "SCHEMA_REGISTRY_URL", "the /homework/"],
)
def test_an_ordinary_line_is_left_alone(line: str) -> None:
    """A rule that cries wolf is soon switched off."""
    assert list(unwelcome(line.replace("|", ""))) == []
