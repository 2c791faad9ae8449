"""A real browser on a real service, and what happens where there is no browser.

These tests take minutes. They are collected only when SERVICES_REQUIRED=1 is set, as by `make
test-services`, or when the command line names this folder or something in it. Where Chromium is
not installed they are skipped; with SERVICES_REQUIRED=1 they fail. Pictures of what was seen, and
numbers, go to the directory SCREENSHOTS_DIR, or to a temporary one.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.watched import PATIENCE_MS, Watched, watched

HERE = Path(__file__).parent
REQUIRED = os.environ.get("SERVICES_REQUIRED") == "1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder alone unless somebody has asked for it."""
    named = (config.invocation_params.dir / arg.split("::")[0] for arg in config.args)
    if REQUIRED or any(path.resolve().is_relative_to(HERE) for path in named):
        return None  # Others may have an opinion.
    return collection_path.is_relative_to(HERE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, so that `-m 'not services'` leaves it out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window, with a profile of its own."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = f"not installed: {BROWSERS[0]}; `make test-services` installs it"
        if REQUIRED:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        chromium = playwright.chromium.launch(executable_path=program, args=[*OPTIONS])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open pages, each in a profile of its own; at the end none may have anything to complain of.

    The arguments are those of Playwright's `new_context`, and `storage`: what the page finds in its
    local storage.
    """
    opened: list[Watched] = []

    def one(**options: Any) -> Watched:
        opened.append(watched(browser, **options))
        return opened[-1]

    yield one
    complaints = [complaint for page in opened for complaint in page.complaints]
    for page in opened:
        page.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def artefacts(tmp_path: Path) -> Path:
    """Return the directory of what is kept for people to look at."""
    directory = Path(os.environ.get("SCREENSHOTS_DIR") or tmp_path / "pictures")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def measured(artefacts: Path, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say what was measured, at the terminal and in the file of numbers."""

    def tell(text: str) -> None:
        terminal = request.config.get_terminal_writer()
        terminal.line()
        terminal.line(text)
        with (artefacts / "numbers.txt").open("a") as numbers:
            numbers.write(f"{request.node.name}: {text}\n")

    return tell


@pytest.fixture
def picture(artefacts: Path) -> Callable[[Page, str], Path]:
    """Keep a picture of a page under a name."""

    def take(page: Page, name: str) -> Path:
        file = artefacts / f"{name}.png"
        page.screenshot(path=file)
        return file

    return take
