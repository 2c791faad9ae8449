"""Headers of what we send: what they tell, and what they leave out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.wire.message_headers import (
    FINDINGS_MAX,
    TEXT_MAX,
    dead_letter_headers,
    headers_of,
)
from tests.support.messages import NOON, a_ticket, an_incident, frames, incidents, tickets

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_ticket_tells_what_it_belongs_to() -> None:
    """Consumers route and trace by headers, without reading the body."""
    ticket = a_ticket(correlation_id="correlation-1", trace_id=TRACE, span_id=SPAN)

    assert headers_of(ticket, b"{}") == {
        "traceparent": f"00-{TRACE}-{SPAN}-01".encode(),
        "correlation-id": b"correlation-1",
        "plan-id": b"plan-1",
        "intent-id": b"intent-1",
        "decision-id": b"decision-1",
        "x-neural-hive-intent-id": b"intent-1",
        "x-neural-hive-plan-id": b"plan-1",
        "content-type": b"application/json",
    }


def test_the_content_type_follows_the_value() -> None:
    """A ticket is Avro or JSON, as there is a registry or none."""
    assert headers_of(a_ticket(), b"\x00\x00\x00\x00\x01.")["content-type"] == b"application/avro"


def test_an_incident_names_its_decision() -> None:
    """Its workflow is called after it; nothing else in it says whose it is."""
    headers = headers_of(an_incident(correlation_id="correlation-1"), b"{}")

    assert headers["decision-id"] == b"decision-1"
    assert headers["correlation-id"] == b"correlation-1"


@given(frames)
def test_a_frame_tells_its_correlation(frame: Message) -> None:
    """What a ticket of the same plan says, under the same names."""
    ids = frame.model_dump()["correlation"]

    headers = headers_of(frame, b"{}")

    if ids["plan_id"].isprintable():
        assert headers["plan-id"].decode() == ids["plan_id"]
        assert headers["x-neural-hive-plan-id"] == headers["plan-id"]
    assert "traceparent" not in headers


@pytest.mark.parametrize(
    ("trace_id", "span_id"),
    [
        (None, SPAN),
        (TRACE, None),
        ("0" * 32, SPAN),
        (TRACE, "0" * 16),
        (TRACE[:-1], SPAN),
        (TRACE + "0", SPAN),
        ("not hex" + TRACE[7:], SPAN),
        (TRACE + "\n", SPAN),
    ],
)
def test_a_trace_that_nobody_can_follow_has_no_header(
    trace_id: str | None, span_id: str | None
) -> None:
    """A broken `traceparent` makes some consumers drop the whole trace."""
    ticket = a_ticket(trace_id=trace_id, span_id=span_id)

    assert "traceparent" not in headers_of(ticket, b"{}")


def test_capital_hex_is_written_small() -> None:
    """The standard allows nothing else."""
    ticket = a_ticket(trace_id=TRACE.upper(), span_id=SPAN.upper())

    assert headers_of(ticket, b"{}")["traceparent"] == f"00-{TRACE}-{SPAN}-01".encode()


@given(tickets | incidents | frames)
def test_every_header_is_text_on_one_line(message: Message) -> None:
    """Whatever senders put into their ids: headers end up in logs and in HTTP."""
    for name, value in headers_of(message, b"{}").items():
        assert name.isascii()
        assert value.decode().isprintable()
        assert value


def test_a_dead_letter_keeps_its_headers_and_says_why() -> None:
    """Whoever mends and sends it again needs the one; whoever counts them the other."""
    finding = Finding("missing_field", Severity.ERROR, "plan_id", "plan_id is missing")

    headers = dead_letter_headers(
        {"plan-id": b"\xff\x00"},
        reason="contract",
        source="plans.consensus[3]@17",
        at=NOON,
        findings=[finding],
    )

    assert headers["plan-id"] == b"\xff\x00"
    assert headers["dead-letter-reason"] == b"contract"
    assert headers["dead-letter-source"] == b"plans.consensus[3]@17"
    assert headers["dead-letter-at"] == str(NOON).encode()
    assert json.loads(headers["dead-letter-findings"]) == [
        {"code": "missing_field", "where": "plan_id", "message": "plan_id is missing"}
    ]


def test_a_second_death_tells_the_second_reason() -> None:
    """It was sent again after a first one, and its old headers came along, in any case."""
    old = {"Dead-Letter-Reason": b"not_json", "kept": b"yes"}

    headers = dead_letter_headers(old, reason="contract", source="a", at=1)

    assert {name.lower() for name in headers} == {
        "kept",
        "dead-letter-reason",
        "dead-letter-source",
        "dead-letter-at",
        "dead-letter-findings",
    }
    assert headers["dead-letter-reason"] == b"contract"


finding_lists = st.lists(
    st.builds(Finding, st.text(), st.sampled_from(Severity), st.text(), st.text(max_size=2_000)),
    max_size=50,
)


@given(st.text(), st.text(), finding_lists)
def test_what_a_dead_letter_adds_is_short_and_printable(
    reason: str, source: str, findings: list[Finding]
) -> None:
    """Findings quote the message, which may hold anything; brokers bound headers."""
    headers = dead_letter_headers({}, reason=reason, source=source, at=NOON, findings=findings)

    for value in headers.values():
        assert value.isascii()
        assert value.decode().isprintable()
    assert len(json.loads(headers["dead-letter-findings"])) <= FINDINGS_MAX
    assert sum(map(len, headers.values())) < 12 * TEXT_MAX * (2 * FINDINGS_MAX + 3)
