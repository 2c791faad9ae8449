"""What is installed is declared, pinned, hashed, and the same in every file that names it."""

from pathlib import PurePosixPath

import pytest

from tests.architecture.requirement_files import (
    declared_requirements,
    foreign_imports,
    inputs,
    loose_requirements,
    names,
    optional_requirements,
    pins,
    requirements,
)
from tests.architecture.source_file import SourceFile, repository_files

LOCKS = ("build", "runtime", "dev")
HASH = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    """What was tested is what gets installed, byte for byte."""
    assert [breach.message for breach in loose_requirements(requirements(f"{name}.txt"))] == []
    assert pins(requirements(f"{name}.txt"))


@pytest.mark.parametrize(
    "loose",
    [f"a>=1 \\\n    {HASH}", "a==1", "a==1 ; python_version < '4'", "a", "-e ."],
)
def test_a_loose_requirement_is_found(loose: str) -> None:
    """One requirement without its hash makes all the others worthless."""
    text = f"# pins\nb==2 \\\n    {HASH} \\\n    {HASH}\n{loose}\n"

    assert [breach.line for breach in loose_requirements(text)] == [5]


def test_the_locks_agree() -> None:
    """They are installed into one environment, one after the other."""
    versions: dict[str, set[str]] = {}
    for name in LOCKS:
        for package, version in pins(requirements(f"{name}.txt")).items():
            versions.setdefault(package, set()).add(version)

    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_the_development_lock_holds_the_runtime_lock() -> None:
    """Tests run on what the package runs on."""
    assert pins(requirements("runtime.txt")).items() <= pins(requirements("dev.txt")).items()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_input_asks_for(name: str) -> None:
    """An input that nobody pinned is not installed."""
    assert names(inputs(name)) <= pins(requirements(f"{name}.txt")).keys()


def test_the_inputs_repeat_the_package_metadata() -> None:
    """A dependency that is declared in one place only would be missed in the other."""
    to_run, to_build = declared_requirements()

    assert inputs("runtime") == sorted(to_run)
    assert inputs("build") == sorted(to_build)


def test_what_the_package_imports_is_declared() -> None:
    """What arrives only because another package needs it is gone when that one changes."""
    imported = foreign_imports(file for file in repository_files() if file.shipped)
    declared = names([*declared_requirements()[0], *optional_requirements()])

    assert imported - declared == set()


def test_an_import_is_known_by_what_to_install_for_it() -> None:
    """Names differ, and the standard library needs no declaring."""
    text = "import json, dotenv.main\nfrom prometheus_client import core\n"
    file = SourceFile(PurePosixPath("src/orchestrator_dynamic/x.py"), text)

    assert foreign_imports([file]) == {"python-dotenv", "prometheus-client"}
