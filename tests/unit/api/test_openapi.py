"""The description of the API: complete, as committed, and fit for clients made from it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import schemathesis

from orchestrator_dynamic.api.app import application
from orchestrator_dynamic.api.document import text
from orchestrator_dynamic.api.problems import PROBLEMS

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENT: dict[str, Any] = application().openapi()
PROBLEM = "application/problem+json"


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every operation with its method and its path."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_it_is_as_committed() -> None:
    """A change of the contract is seen in review."""
    told = "the API is not as described; `make openapi` writes its description anew: review it"
    assert text() == COMMITTED.read_text(), told


def test_it_is_valid() -> None:
    """Tools that make clients refuse what is not."""
    assert DOCUMENT["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_operations_have_names_of_their_own() -> None:
    """Clients name their methods by them."""
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and len(name) <= 20 for name in names)


def test_every_tag_is_explained_and_used() -> None:
    """They are the chapters of the description."""
    explained = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}

    assert {tag for _, _, one in operations() for tag in one["tags"]} == explained


def test_every_operation_says_what_it_does() -> None:
    """A name is no explanation."""
    assert all(operation["description"] for _, _, operation in operations())


def test_every_refusal_is_a_problem_document_that_is_explained() -> None:
    """A client needs to know one shape of error, and which ones to expect."""
    for _, path, operation in operations():
        for status, told in operation["responses"].items():
            if status >= "400" and path != "/ready":
                assert list(told["content"]) == [PROBLEM], (path, status)
                codes = told["description"].replace("`", "").split(", ")
                assert {PROBLEMS[code].status for code in codes} == {int(status)}


def test_headers_of_answers_are_described() -> None:
    """What a client is to read must be told to it."""
    for _, path, operation in operations():
        answers = operation["responses"]
        assert all("X-Correlation-ID" in told["headers"] for told in answers.values()), path
        if "401" in answers:
            assert "WWW-Authenticate" in answers["401"]["headers"], path
        for status in {"429", "503"} & set(answers):
            retry = "Retry-After" in answers[status]["headers"]
            assert retry or path == "/ready", path
        if "304" in answers:
            assert "ETag" in answers["200"]["headers"], path
    for name in ("submit", "retry"):
        [answer] = [one["responses"]["202"] for _, _, one in operations() if named(one, name)]
        assert "Location" in answer["headers"]


def test_what_is_deprecated_is_marked_so() -> None:
    """New clients must not begin with it."""
    marked = [one for _, _, one in operations() if one.get("deprecated")]

    assert {one["operationId"] for one in marked} == {"start", "query"}
    assert all("Deprecation" in one["responses"]["200"]["headers"] for one in marked)


def test_bodies_may_always_be_refused_for_what_they_are() -> None:
    """Size, time and type are looked at before any route."""
    for _, path, operation in operations():
        if "requestBody" in operation:
            assert {"400", "408", "413", "415"} <= set(operation["responses"]), path


def named(operation: dict[str, Any], name: str) -> bool:
    """Whether an operation has this name."""
    return bool(operation["operationId"] == name)
