"""What the files of requirements/ ask for and pin, and what the package in truth imports."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator

from tests.architecture.rule import Breach
from tests.architecture.source_file import ROOT, SourceFile

PINNED = re.compile(r"[A-Za-z0-9][\w.-]*==\S+")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")

# Where the name to import is not the name to install. pydantic_core belongs to one pydantic.
INSTALLED_AS = {
    "bson": "pymongo",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "opentelemetry": "opentelemetry-sdk",
    "pydantic_core": "pydantic",
}


def requirements(name: str) -> str:
    """Return the text of one file of requirements/."""
    return (ROOT / "requirements" / name).read_text("utf-8")


def inputs(name: str) -> list[str]:
    """Return the requirements that a person wrote, without comments and references."""
    lines = requirements(f"{name}.in").splitlines()
    return sorted(line for line in lines if line and not line.startswith(("#", "-")))


def declared_requirements() -> tuple[list[str], list[str]]:
    """Return what pyproject.toml says is needed to run the package, and to build it."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return document["project"]["dependencies"], document["build-system"]["requires"]


def optional_requirements() -> list[str]:
    """Return what pyproject.toml says its extras need."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras: dict[str, list[str]] = document["project"].get("optional-dependencies", {})
    return [requirement for extra in extras.values() for requirement in extra]


def requirement_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each requirement with its hashes as one line, and the number of its first."""
    number, parts = 0, list[str]()
    for current, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not parts and (not stripped or stripped.startswith("#")):
            continue
        number = number if parts else current
        parts.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            yield number, " ".join(parts)
            parts.clear()
    if parts:
        yield number, " ".join(parts)


def loose_requirements(text: str) -> Iterator[Breach]:
    """Find requirements that are not pinned to one version and its hashes."""
    for number, line in requirement_lines(text):
        if not PINNED.match(line):
            yield Breach(number, f"`{line[:40]}` is not pinned with `==`")
        elif "--hash=sha256:" not in line:
            yield Breach(number, f"`{line[:40]}` has no hash")


def pins(text: str) -> dict[str, str]:
    """Return the version of each requirement by its name."""
    pinned = (line.split()[0].partition("==") for _, line in requirement_lines(text))
    return {name: version for name, _, version in pinned}


def names(requirement_texts: Iterable[str]) -> set[str]:
    """Return what the requirements are for, without versions and markers."""
    return {found[0] for text in requirement_texts if (found := NAME.match(text))}


def foreign_imports(files: Iterable[SourceFile]) -> set[str]:
    """Return what to install for the files' imports, beyond the standard library."""
    ours = {"", "orchestrator_dynamic", *sys.stdlib_module_names}
    roots = {name.partition(".")[0] for file in files for _, name in file.imports()} - ours
    return {INSTALLED_AS.get(root, root.replace("_", "-")) for root in roots}
