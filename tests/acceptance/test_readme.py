"""What the README says to type: every line of its walk by hand, against a service that runs."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.command import ROOT
from tests.acceptance.serving import NOTHING, serving

SECTION = "### By hand"
ADDRESS = "localhost:8080"
DEADLINE_S = 60


def steps() -> Iterator[tuple[str, str]]:
    """Yield each command of the section, and what it is said to print."""
    text = (ROOT / "README.md").read_text()
    section = text.partition(f"{SECTION}\n")[2].partition("\n### ")[0]
    block = section.partition("```\n")[2].partition("\n```")[0]
    for step in block.split("$ ")[1:]:
        command, _, printed = step.strip("\n").partition("\n")
        yield command, printed


def pattern_of(printed: str) -> re.Pattern[str]:
    """Return what matches the text; `…` stands for anything, also for several lines."""
    parts = [re.escape(part) for part in printed.split("…")]
    return re.compile(".*".join(parts) + ".*", re.DOTALL)


def test_the_walk_by_hand_is_as_the_readme_says(tmp_path: Path) -> None:
    """Whoever copies it line by line must see what was promised."""
    told = []
    with serving(tmp_path / "data", "--worker", NOTHING) as service:
        for command, printed in steps():
            here = command.replace(ADDRESS, service.address.removeprefix("http://"))
            ended = subprocess.run(
                shlex.split(here), cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S
            )
            if ended.returncode or not pattern_of(printed).match(ended.stdout):
                told.append(f"$ {command}\n{ended.stdout}{ended.stderr}\nbut was to be\n{printed}")

    assert told == []


def test_the_walk_has_steps() -> None:
    """A section that was renamed must not leave a test of nothing."""
    commands = [command for command, _ in steps()]

    assert len(commands) >= 8
    assert all(command.startswith("curl ") for command in commands)


@pytest.mark.parametrize(
    ("printed", "shown", "same"),
    [
        ('{"a":1,…}', '{"a":1,"b":2}', True),
        ("…\nevent: end\n…", ": alive\n\nevent: end\ndata: {}\n", True),
        ('{"a":1,…}', '{"a":2}', False),
    ],
)
def test_an_ellipsis_stands_for_anything(printed: str, shown: str, same: bool) -> None:
    """And nothing else does."""
    assert bool(pattern_of(printed).match(shown)) is same
