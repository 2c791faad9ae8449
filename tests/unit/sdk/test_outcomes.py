"""What becomes of what handlers return and raise."""

from collections.abc import Iterator, Mapping

import pytest

from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.sdk import outcomes
from orchestrator_dynamic.sdk.errors import PermanentFailure


class ReadOnly(Mapping[str, object]):
    """A mapping that is not a dict."""

    def __getitem__(self, key: str) -> object:
        """Return the same for every key."""
        return 1

    def __iter__(self) -> Iterator[str]:
        """Return the only key."""
        return iter(["only"])

    def __len__(self) -> int:
        """Return one."""
        return 1


@pytest.mark.parametrize(
    ("returned", "output"),
    [
        (None, {}),
        ({}, {}),
        ({"text": "as it is"}, {"text": "as it is"}),
        (
            {"number": 3, "truth": True, "nothing": None},
            {"number": "3", "truth": "true", "nothing": "null"},
        ),
        ({"nested": {"b": [1, "é"], "a": 1.5}}, {"nested": '{"a":1.5,"b":[1,"é"]}'}),
        (ReadOnly(), {"only": "1"}),
    ],
)
def test_output_becomes_a_map_of_texts(returned: object, output: dict[str, str]) -> None:
    """The contract carries texts; the same value is always the same text."""
    outcome = outcomes.completed(returned)

    assert outcome.status is ExecutionStatus.COMPLETED
    assert outcome.output == output
    assert outcome.error is None


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("done", "a handler returns a dict of output or None, and not a str"),
        ([], "a handler returns a dict of output or None, and not a list"),
        ({1: "x"}, "the names of output are texts, and 1 is not"),
        ({"when": object()}, "output 'when' cannot be written as JSON"),
        ({"share": float("nan")}, "output 'share' cannot be written as JSON"),
        ({"half": "\ud800"}, "output 'half' cannot be written as JSON"),
        ({"half": ["\ud800"]}, "output 'half' cannot be written as JSON"),
    ],
)
def test_output_that_cannot_be_written_fails_for_good(returned: object, message: str) -> None:
    """Every attempt would return the same, so that none after the first is worth its time."""
    outcome = outcomes.completed(returned)

    assert outcome.status is ExecutionStatus.FAILED
    assert not outcome.retryable
    assert message in (outcome.error or "")


def test_output_that_contains_itself_fails_for_good() -> None:
    """It is a mistake of the handler, and must not be one of the worker."""
    endless: list[object] = []
    endless.append(endless)

    assert outcomes.completed({"endless": endless}).status is ExecutionStatus.FAILED


def test_output_that_is_nested_too_deeply_fails_for_good() -> None:
    """The encoder gives up on it, and the worker must not."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert outcomes.completed({"deep": deep}).status is ExecutionStatus.FAILED


def test_an_exception_is_told_by_type_and_text() -> None:
    """The type alone says too little, and so does the text."""
    outcome = outcomes.failed(LookupError("no such artifact"))

    assert outcome.status is ExecutionStatus.FAILED
    assert outcome.error == "LookupError: no such artifact"
    assert outcome.retryable


def test_a_permanent_failure_is_not_retryable() -> None:
    """It is how a handler says that trying again would not help."""
    assert not outcomes.failed(PermanentFailure("no such branch")).retryable


def test_a_long_error_is_cut() -> None:
    """Some errors carry the whole answer of a server."""
    assert len(outcomes.failed(LookupError("x" * 100_000)).error or "") == 2_000


def test_an_error_that_is_no_whole_text_is_still_told() -> None:
    """Output of other programs ends up in errors, and it may end in half a character."""
    assert outcomes.failed(LookupError("half \ud800")).error == "LookupError: half ?"
