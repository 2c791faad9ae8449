"""Workers are found by name, and what is wrong with a name is said."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.sdk.loading import load_workers

SOURCE = """
from orchestrator_dynamic.sdk import Worker

first, second = Worker("first"), Worker("second")
both = (first, second)
none_of_them = []
number = 3
mixed = [first, number]
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Return a directory whose modules are forgotten afterwards."""
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def complaint(reference: str, directory: Path) -> str:
    """Return why `reference` is refused."""
    with pytest.raises(Misconfigured) as refusal:
        load_workers(reference, directory)
    return str(refusal.value)


def test_a_worker_is_found_in_the_directory(directory: Path) -> None:
    """Nobody packages a worker before it has run once."""
    (directory / "my_workers.py").write_text(SOURCE)

    workers = load_workers("my_workers:first", directory)

    assert [str(worker) for worker in workers] == ["worker first"]


def test_several_workers_can_have_one_name(directory: Path) -> None:
    """One process may run workers with different capabilities."""
    (directory / "my_workers.py").write_text(SOURCE)

    workers = load_workers("my_workers:both", directory)

    assert [str(worker) for worker in workers] == ["worker first", "worker second"]


def test_a_module_may_be_inside_a_package_and_import_its_neighbours(directory: Path) -> None:
    """Workers grow."""
    (directory / "shop").mkdir()
    (directory / "shop" / "__init__.py").write_text("")
    (directory / "neighbour.py").write_text("NAME = 'from next door'")
    (directory / "shop" / "workers.py").write_text(
        "from neighbour import NAME\n"
        "from orchestrator_dynamic.sdk import Worker\n"
        "worker = Worker(NAME)"
    )

    (worker,) = load_workers("shop.workers:worker", directory)

    assert str(worker) == "worker from next door"


@pytest.mark.parametrize("reference", ["my_workers", "my_workers:", ":first", ""])
def test_a_reference_names_a_module_and_what_is_in_it(reference: str, directory: Path) -> None:
    """A guess at the missing half would find the wrong worker some day."""
    assert complaint(reference, directory).endswith("write it as module:name")


def test_a_module_that_is_not_there_is_told_with_where_it_was_looked_for(directory: Path) -> None:
    """Most often the command was started in another directory."""
    message = complaint("absent_workers:first", directory)

    assert message == f"there is no module absent_workers, neither in {directory} nor installed"


def test_a_package_that_is_not_there_is_told_by_its_own_name(directory: Path) -> None:
    """The part that exists is not the one to look at."""
    assert "there is no module absent_shop," in complaint("absent_shop.workers:first", directory)


def test_a_module_that_lacks_a_package_says_which(directory: Path) -> None:
    """The worker is there; what it needs is not."""
    (directory / "lacking.py").write_text("import absent_library")

    message = complaint("lacking:first", directory)

    assert message == "module lacking needs absent_library, which is not installed"


@pytest.mark.parametrize("source", ["def", "from orchestrator_dynamic.sdk import Wrker"])
def test_a_module_that_cannot_be_imported_says_why(source: str, directory: Path) -> None:
    """A typing mistake is told as one, and not as a stack of our own calls."""
    (directory / "broken.py").write_text(source)

    assert complaint("broken:first", directory).startswith("module broken cannot be imported: ")


def test_what_a_module_raises_itself_comes_through(directory: Path) -> None:
    """Its author needs the line, and we have nothing to add."""
    (directory / "failing.py").write_text("{}['no such key']")

    with pytest.raises(KeyError, match="no such key"):
        load_workers("failing:first", directory)


def test_a_name_that_is_not_there_is_answered_with_those_that_are(directory: Path) -> None:
    """The right one is among them."""
    (directory / "my_workers.py").write_text(SOURCE)

    message = complaint("my_workers:third", directory)

    assert message.startswith("module my_workers has no third; its workers are first, second")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("number", "is a int; it must be a Worker"),
        ("mixed", "is a int; it must be a Worker"),
        ("none_of_them", "is empty; it must hold at least one Worker"),
    ],
)
def test_what_is_no_worker_is_refused(name: str, words: str, directory: Path) -> None:
    """It would fail much later, and far less clearly."""
    (directory / "my_workers.py").write_text(SOURCE)

    assert words in complaint(f"my_workers:{name}", directory)
