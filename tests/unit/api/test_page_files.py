"""The page's files, without a browser: languages that agree, licences, and nothing inline."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import orchestrator_dynamic.api
from orchestrator_dynamic.api.problems import PROBLEMS
from orchestrator_dynamic.core.execution_state import Phase
from orchestrator_dynamic.core.ticket import Stage
from orchestrator_dynamic.errors import Severity
from orchestrator_dynamic.models.vocabulary import (
    ConsensusMethod,
    DecisionType,
    IncidentType,
    Outcome,
    RiskBand,
)
from orchestrator_dynamic.ports.orchestrator import Reception
from tests.support.service import a_service

PAGE = Path(orchestrator_dynamic.api.__file__).parent / "page"
OURS = sorted(
    path.relative_to(PAGE).as_posix()
    for folder in ("js", "locales")
    for path in (PAGE / folder).rglob("*.js")
)
DOCUMENTS = ("index.html", "docs.html")
LINES_MAX = 400

_KEY = re.compile(r"^\s*'([^']+)':", re.MULTILINE)
_TEXT = re.compile(r"^\s*'([^']+)': '((?:[^'\\]|\\.)*)',$", re.MULTILINE)
_VALUE = re.compile(r"\{(\w+)\}")
_LITERAL_KEY = re.compile(r"\bt\(\s*'([^']+)'")
_FORMS = (".one", ".other")
_MARKUP = re.compile(r"[iI]nnerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
_IMPORT = re.compile(r"(?:from\s*|import\(\s*)['\"](\.[^'\"]+)['\"]")


def texts(language: str) -> dict[str, str]:
    """Return the texts of a language by their keys."""
    return dict(_TEXT.findall((PAGE / "locales" / f"{language}.js").read_text()))


def test_both_languages_have_the_same_texts() -> None:
    """A text that is missing in one language is seen as its key."""
    english, portuguese = texts("en"), texts("pt-BR")

    assert english.keys() == portuguese.keys()
    assert len(english) == len(_KEY.findall((PAGE / "locales" / "en.js").read_text()))


def test_a_text_names_the_same_values_in_both_languages() -> None:
    """A number that one language leaves out is a number that its readers do not get."""
    english, portuguese = texts("en"), texts("pt-BR")

    different = [
        key
        for key, text in english.items()
        if not key.endswith(".one")
        and set(_VALUE.findall(text)) != set(_VALUE.findall(portuguese[key]))
    ]

    assert different == []


def test_every_text_that_is_named_exists() -> None:
    """A key that nobody has written a text for would be shown as it is."""
    known = texts("en").keys()
    named = {key for path in OURS for key in _LITERAL_KEY.findall((PAGE / path).read_text())}

    plural = {key for key in named if all(f"{key}{form}" in known for form in _FORMS)}

    assert named - known - plural == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_holds_nothing_inline(document: str) -> None:
    """The policy forbids it, so that whatever slips into a page cannot run."""
    text = (PAGE / document).read_text()

    assert re.findall(r"\sstyle=|\son\w+=|<style", text) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert re.findall(r"(?:src|href)=\"(?!/)", text) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_names_files_that_exist(document: str) -> None:
    """A module that is not there leaves a white page."""
    named = re.findall(r"(?:src|href)=\"/page/([^\"]+)\"", (PAGE / document).read_text())

    assert named
    assert [name for name in named if not (PAGE / name).is_file()] == []


@pytest.mark.parametrize("path", OURS)
def test_a_module_is_short_and_imports_what_exists(path: str) -> None:
    """And data never become markup."""
    file = PAGE / path
    text = file.read_text()

    assert len(text.splitlines()) <= LINES_MAX
    imported = [(file.parent / name).resolve() for name in _IMPORT.findall(text)]
    assert [one for one in imported if not one.is_file()] == []
    assert not _MARKUP.search(text)


def test_every_vendored_library_has_its_licence_and_is_told_of() -> None:
    """They are others' work, given on terms."""
    vendor = PAGE / "vendor"
    told = (vendor / "README.md").read_text()
    libraries = [path for path in vendor.iterdir() if path.is_dir()]

    assert libraries
    assert [path.name for path in libraries if not (path / "LICENSE").is_file()] == []
    assert [path.name for path in libraries if f"| `{path.name}` |" not in told] == []


def test_every_word_of_the_engine_has_a_text() -> None:
    """A stage, an outcome or a problem that is new must not appear as code."""
    words: dict[str, Iterable[str]] = {
        "problem": PROBLEMS,
        "stage": Stage,
        "plan": [*(one for one in Phase if one is not Phase.ENDED), *Outcome],
        "reception": Reception,
        "risk": RiskBand,
        "severity": Severity,
        "method": ConsensusMethod,
        "decision": DecisionType,
        "incident": IncidentType,
    }
    named = {f"{kind}.{word}" for kind, all_words in words.items() for word in all_words}

    assert named - texts("en").keys() == set()


async def test_files_are_fetched_once_and_documents_each_time(tmp_path: Path) -> None:
    """A new version is seen at once, and an old one costs no request."""
    async with a_service(tmp_path) as running:
        document = await running.client.get("/")
        [script] = re.findall(r'src="(/page/[0-9a-f]+/js/main\.js)"', document.text)
        file = await running.client.get(script)
        bare = await running.client.get("/page/js/main.js")
        other = await running.client.get("/page/0123456789abcdef/js/main.js")

    assert document.headers["cache-control"] == "no-cache"
    assert "immutable" in file.headers["cache-control"]
    assert (file.status_code, file.content) == (200, bare.content)
    assert bare.headers["cache-control"] == "no-cache"
    assert other.status_code == 404
