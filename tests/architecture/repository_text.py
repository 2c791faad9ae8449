"""What must not stand in any text of the repository."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.rule import Breach
from tests.architecture.source_file import ROOT

NOT_OURS = frozenset(
    {
        ".git", ".venv", ".cache", ".hypothesis", ".import_linter_cache", ".mypy_cache",
        ".orchestrator-dynamic", ".pytest_cache", ".ruff_cache", "__pycache__", "build", "dist",
        "htmlcov", "node_modules",
    }
)  # fmt: skip
# A container's own users are no machine of ours.
MACHINE_PATH = re.compile(
    r"(?<![\w.$}/-])/(?:home|root|tmp|work|workspace|Users)/(?!app\b|nonroot\b)\w+"
)
REGISTRY = re.compile(r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io)\b")
INDEX_OPTION = re.compile(r"--(?:(?:extra-)?index-(?:url)|find-(?:links)|trusted-(?:host))\b")
PATTERNS = {
    "a path of one machine": MACHINE_PATH,
    "the address of a registry": REGISTRY,
    "an option that names an index": INDEX_OPTION,
}


def repository_texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file of the repository with its path, relative to the root."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS)
        for name in sorted(names):
            path = Path(folder) / name
            try:
                yield path.relative_to(ROOT), path.read_text("utf-8")
            except (FileNotFoundError, UnicodeDecodeError):
                continue  # A picture or a broken link holds no text to judge.


def unwelcome(text: str) -> Iterator[Breach]:
    """Find what ties a text to one machine or one registry."""
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in PATTERNS.items():
            if found := pattern.search(line):
                yield Breach(number, f"`{found[0]}` is {what}")
