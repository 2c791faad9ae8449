"""How single values may be spelt."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.models.vocabulary import Priority, SecurityLevel, TaskType
from orchestrator_dynamic.wire import values
from tests.support.messages import NOON

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        *((kind.value, kind) for kind in TaskType),
        *((kind.value.lower(), kind) for kind in TaskType),
        ("analyze", TaskType.QUERY),
        ("review", TaskType.VALIDATE),
        ("generate", TaskType.EXECUTE),
        ("code_generation", TaskType.EXECUTE),
        ("code-generation", TaskType.EXECUTE),
        ("Code Generation", TaskType.EXECUTE),
        ("inference", TaskType.EXECUTE),
        ("aggregate", TaskType.TRANSFORM),
        (" Query ", TaskType.QUERY),
        ("dance", None),
        ("", None),
        (5, None),
        (None, None),
        (["QUERY"], None),
    ],
)
def test_a_task_type_may_be_an_older_word_in_any_case(sent: object, meant: TaskType | None) -> None:
    """Planners are updated one by one."""
    assert values.known_task_type(sent) is meant


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (1, Priority.LOW),
        (2, Priority.LOW),
        (3, Priority.NORMAL),
        (5, Priority.NORMAL),
        (6, Priority.HIGH),
        (8, Priority.HIGH),
        (9, Priority.CRITICAL),
        (10, Priority.CRITICAL),
        ("1", Priority.LOW),
        (" 10 ", Priority.CRITICAL),
        (7.0, Priority.HIGH),
        ("low", Priority.LOW),
        ("Critical", Priority.CRITICAL),
    ],
)
def test_a_priority_is_a_word_or_a_number_to_ten(sent: object, meant: Priority) -> None:
    """Ten is the most urgent."""
    assert values.priority(sent) is meant


@pytest.mark.parametrize("sent", [0, 11, -1, "0", 5.5, True, "urgent", "", None, [5]])
def test_what_is_no_priority_is_left_for_the_model_to_refuse(sent: object) -> None:
    """Guessing an urgency would reorder other people's work."""
    assert values.priority(sent) == sent


def test_a_security_level_is_a_word_in_any_case() -> None:
    """Both cases are seen."""
    assert values.security_level("restricted") is SecurityLevel.RESTRICTED
    assert values.security_level("secret") == "secret"


@pytest.mark.parametrize(
    "sent",
    [
        NOON,
        float(NOON),
        str(NOON),
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00+00:00",
        "2026-01-01T12:00:00",
        "2026-01-01 12:00:00.000",
        "2026-01-01T14:00:00+02:00",
        " 20260101T120000Z ",
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        datetime(2026, 1, 1, 12),  # noqa: DTZ001 - Without a zone, as some producers write it.
        datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=-3))),
    ],
)
def test_a_time_is_milliseconds_or_iso_8601_and_no_zone_means_utc(sent: object) -> None:
    """All of these are the same noon."""
    assert values.epoch_ms(sent) == NOON


@pytest.mark.parametrize("sent", ["soon", "", "2026-13-01", "12:00", NOON + 0.5, None, [NOON]])
def test_what_is_no_time_is_left_for_the_model_to_refuse(sent: object) -> None:
    """It comes with a finding that names the field."""
    assert values.epoch_ms(sent) == sent


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_is_the_same_as_text_and_as_a_datetime(moment: datetime) -> None:
    """Microseconds are cut, never rounded up into the future."""
    cut = values.epoch_ms(moment)

    assert isinstance(cut, int)
    assert timedelta() <= moment - EPOCH - timedelta(milliseconds=cut) < timedelta(milliseconds=1)
    assert values.epoch_ms(moment.isoformat()) == cut


@pytest.mark.parametrize(
    ("sent", "meant"),
    [(1, 1), ("1", 1), ("2", 2), ("v3", 3), ("1.0.0", 1), (" V2.1 ", 2), ("one", "one"), ("", "")],
)
def test_a_schema_version_may_be_text(sent: object, meant: object) -> None:
    """What leads is the version of the schema; the rest is of no consequence."""
    assert values.schema_version(sent) == meant


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("as it is", "as it is"),
        ('{"a":1}', '{"a":1}'),
        ("", ""),
        (3, "3"),
        (0.5, "0.5"),
        (True, "true"),
        (None, "null"),
        ([1, "a"], '[1,"a"]'),
        ({"b": None, "a": {"ä": 1}}, '{"a":{"ä":1},"b":null}'),
        (b"\x00", "b'\\x00'"),
        (float("nan"), "nan"),
    ],
)
def test_what_is_not_text_becomes_json_text(sent: object, text: str) -> None:
    """Always the same for the same value, so that the content hash does not change."""
    assert values.as_text(sent) == text


def test_a_map_of_text_keeps_its_keys() -> None:
    """They are the sender's, not ours: no camelCase is undone in them."""
    assert values.text_map({"maxRetries": 3, "id": "x"}) == {"maxRetries": "3", "id": "x"}
    assert values.text_map(["no map"]) == ["no map"]
