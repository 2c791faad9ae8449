"""Reading JSON strictly, and writing it in one way only."""

import contextlib
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.wire import json_text
from orchestrator_dynamic.wire.json_faults import INTEGER_DIGITS_MAX
from tests.support.messages import as_json, numbers, texts

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refused(data: bytes | str, depth_max: int = json_text.DEPTH_MAX) -> InvalidInput:
    """Return the refusal of `data`."""
    with pytest.raises(InvalidInput) as caught:
        json_text.read(data, depth_max=depth_max)
    return caught.value


def nested(levels: int) -> bytes:
    """Return lists and objects in one another."""
    return b'[{"a":' * (levels // 2) + b"1" + b"}]" * (levels // 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"{", "not_json"),
        (b"{'a': 1}", "not_json"),
        (b'{"a": 1} {"b": 2}', "not_json"),
        (b"01", "not_json"),
        (b'"\x01"', "not_json"),
        (b'"\xff"', "not_utf8"),
        (b'"\xed\xa0\x80"', "not_utf8"),
        (b'"\\ud800"', "not_utf8"),
        (b'{"\\uDfff": 1}', "not_utf8"),
        (b'{"a": 1, "a": 1}', "duplicate_key"),
        (b'{"b": {"a": 1, "\\u0061": 2}}', "duplicate_key"),
        (b"NaN", "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b"[-Infinity]", "not_a_number"),
        (b"[1e999]", "not_a_number"),
        (b"[-1e999]", "not_a_number"),
        (b"1" * (INTEGER_DIGITS_MAX + 1), "not_a_number"),
        (b"[" * 1_000_000, "nested_too_deeply"),
        (b'{"a":' * 1_000_000, "nested_too_deeply"),
        (b'{"a": NaN, ', "not_json"),
        (b'{"a": NaN, "b": ' + b"[" * 1_000_000, "nested_too_deeply"),
    ],
)
def test_what_readers_disagree_on_is_refused(data: bytes, reason: str) -> None:
    """Two services that read one text differently act on different plans."""
    assert refused(data).reason == reason


def test_every_fault_is_named_with_its_place() -> None:
    """Whoever sent it mends all of them at once."""
    text = b'{"plan": {"tasks": [{}, {"id": 1, "id": 2, "cost": NaN}]}, "plan_id": 1e400}'

    findings = refused(text).findings

    assert [(finding.code, finding.where) for finding in findings] == [
        ("duplicate_key", "plan.tasks[1]"),
        ("not_a_number", "plan.tasks[1].cost"),
        ("not_a_number", "plan_id"),
    ]
    assert "'id'" in findings[0].message


def test_one_repeated_key_among_a_great_many_is_found_soon() -> None:
    """Looking for it must not take the square of their number."""
    keys = ",".join(f'"k{number}":0' for number in range(200_000))

    (finding,) = refused('{"wide":{' + keys + ',"k7":1}}').findings

    assert finding.where == "wide"
    assert "'k7'" in finding.message


def test_of_many_faults_a_hundred_are_listed() -> None:
    """The rest are counted."""
    findings = refused("[" + ",".join(["NaN"] * 1_234) + "]").findings

    assert len(findings) == 101
    assert findings[99].where == "[99]"
    assert findings[100].message == "and 1,134 more of the kind"


def test_a_syntax_error_is_named_with_its_place() -> None:
    """A missing comma in a megabyte of text is not found by looking."""
    error = refused(b'{"a": 1\n "b": 2}')

    assert "line 2 column 2" in error.findings[0].message
    assert '"b": 2' in error.findings[0].message


def test_the_byte_that_is_not_utf8_is_named() -> None:
    """It tells an encoding from a cut."""
    assert "0xe4 at offset 1" in refused(b'"\xe4"').findings[0].message


@pytest.mark.parametrize("levels", [2, 10, 64])
def test_nesting_up_to_the_bound_is_read(levels: int) -> None:
    """The bound counts lists and objects, the outermost included."""
    json_text.read(nested(levels), depth_max=levels)

    assert refused(nested(levels), depth_max=levels - 1).reason == "nested_too_deeply"


def test_the_place_of_deep_nesting_is_named() -> None:
    """Only one of many fields is at fault."""
    error = refused(b'{"a": [], "b": {"c": [[1]]}}', depth_max=3)

    assert error.findings[0].where == "b.c[0]"


@pytest.mark.parametrize("value", ["ä", "\U0001f600", "\\ud800", "\u2028", "\x00"])
def test_text_is_read_as_it_was_meant(value: str) -> None:
    """Escaped halves of one character belong together, and a backslash may be a backslash."""
    assert json_text.read(as_json([value])) == [value]


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some editors put it before everything they write."""
    assert json_text.read(b"\xef\xbb\xbf[]") == []


def test_the_longest_number_allowed_is_read() -> None:
    """The bound is far beyond what any field holds."""
    assert json_text.read("9" * INTEGER_DIGITS_MAX) == int("9" * INTEGER_DIGITS_MAX)


def test_canonical_text_is_sorted_compact_and_readable() -> None:
    """Hashes of it must not depend on who wrote the object, or in which order."""
    text = json_text.canonical({"b": [1, 0.5, None, True], "a": "ä\n", "B": {}})

    assert text == '{"B":{},"a":"ä\\n","b":[1,0.5,null,true]}'


def test_canonical_text_refuses_what_json_cannot_carry() -> None:
    """It would be a text that nobody can read."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text.canonical([float("nan")])


@given(DOCUMENTS)
def test_what_is_written_is_read_again(document: object) -> None:
    """And writing it again gives the same text."""
    text = json_text.canonical(document)

    read = json_text.read(text.encode())

    assert read == document
    assert json_text.canonical(read) == text


@given(st.dictionaries(texts, texts), st.randoms(use_true_random=False))
def test_neither_way_of_writing_depends_on_the_order_of_keys(
    document: dict[str, str], chance: random.Random
) -> None:
    """Equal objects are equal bytes."""
    items = list(document.items())
    chance.shuffle(items)

    assert json_text.canonical(dict(items)) == json_text.canonical(document)
    assert json_text.compact(dict(items)) == json_text.compact(document)


@given(st.recursive(texts | st.integers(-(2**63), 2**63 - 1) | st.none() | st.booleans(), st.lists))
def test_without_fractions_the_two_ways_of_writing_are_one(document: object) -> None:
    """The quick one differs in nothing but exponents."""
    assert json_text.compact(document) == json_text.canonical(document).encode()


@given(st.binary() | texts.map(str.encode) | DOCUMENTS.map(json.dumps).map(str.encode))
def test_reading_refuses_or_returns_and_does_nothing_else(data: bytes) -> None:
    """No bytes may stop the consumer."""
    with contextlib.suppress(InvalidInput):
        value = json_text.read(data)

        assert json_text.read(json_text.canonical(value)) == value
