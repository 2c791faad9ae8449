"""Headers of the messages that we send: how they are traced, what they belong to, why they failed.

Source: contracts, "Encoding".
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from orchestrator_dynamic.core.derived_ids import workflow_id_of
from orchestrator_dynamic.errors import Finding, Severity
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import DecisionId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.wire.framing import CONTENT_TYPE_HEADER

REASON_HEADER = "dead-letter-reason"
SOURCE_HEADER = "dead-letter-source"
AT_HEADER = "dead-letter-at"
FINDINGS_HEADER = "dead-letter-findings"

# Brokers bound a message as a whole, headers included; the dead letter itself keeps every finding.
FINDINGS_MAX = 5
TEXT_MAX = 300

# Avro is sent after the prefix that names its schema, and JSON never begins so.
_PREFIX = b"\x00"

_AVRO = b"application/avro"
_JSON = b"application/json"

# W3C trace context, level 1: lower case, and all zeros means that there is none.
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")


class _Ids(NamedTuple):
    """What a message says that it belongs to."""

    correlation_id: str | None = None
    plan_id: str | None = None
    intent_id: str | None = None
    decision_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None


def headers_of(message: Message, value: bytes) -> dict[str, bytes]:
    """Return the headers for `message`, which was encoded as `value`.

    What a message does not say has no header; nor has what a header cannot carry, as a value that
    was changed would lead to something else.
    """
    ids = _ids_in(message)
    texts = {
        "traceparent": traceparent_of(ids.trace_id, ids.span_id),
        "correlation-id": ids.correlation_id,
        "plan-id": ids.plan_id,
        "intent-id": ids.intent_id,
        "decision-id": ids.decision_id,
        "x-neural-hive-intent-id": ids.intent_id,
        "x-neural-hive-plan-id": ids.plan_id,
    }
    headers = {name: text.encode() for name, text in texts.items() if text and text.isprintable()}
    headers[CONTENT_TYPE_HEADER] = _AVRO if value.startswith(_PREFIX) else _JSON
    return headers


def traceparent_of(trace_id: str | None, span_id: str | None) -> str | None:
    """Return the W3C trace header that names a span; None where the ids are not W3C's."""
    trace, span = (trace_id or "").lower(), (span_id or "").lower()
    if not _TRACE_ID.fullmatch(trace) or not _SPAN_ID.fullmatch(span):
        return None
    return f"00-{trace}-{span}-01"


def traceparent_in(headers: Mapping[str, bytes]) -> str | None:
    """Return the W3C trace header of a message, by whatever case its name is; None without one."""
    for name, value in headers.items():
        if name.lower() == "traceparent":
            return value[:TEXT_MAX].decode("ascii", errors="replace")
    return None


def dead_letter_headers(
    original: Mapping[str, bytes],
    *,
    reason: str,
    source: str,
    at: int,
    findings: Sequence[Finding] = (),
) -> dict[str, bytes]:
    """Return the headers of a dead letter: those of the message, and why it is one.

    What is added is printable ASCII. A message that is a dead letter for the second time says why
    it is one now.

    Args:
        reason: the stable code of the refusal.
        source: where the message came from: `topic[partition]@offset`.
        at: when it was put aside, epoch ms.
        findings: of which the first few are told, as JSON.
    """
    told = [
        {"code": found.code, "where": found.where[:TEXT_MAX], "message": found.message[:TEXT_MAX]}
        for found in findings[:FINDINGS_MAX]
    ]
    added = {
        REASON_HEADER: _printable(reason),
        SOURCE_HEADER: _printable(source),
        AT_HEADER: str(at).encode(),
        FINDINGS_HEADER: json.dumps(told, separators=(",", ":")).encode("ascii"),
    }
    kept = {name: value for name, value in original.items() if name.lower() not in added}
    return kept | added


def headers_of_letter(
    *, headers: str, reason: str, source: str, at: int, findings: str
) -> dict[str, bytes]:
    """Return the headers of a dead letter from what is kept of it.

    Args:
        headers: those that it came with, as JSON; Latin-1 gives every byte of a value a character.
        findings: as JSON.
    """
    original = {name: text.encode("latin-1") for name, text in json.loads(headers).items()}
    found = [
        Finding(one["code"], Severity(one["severity"]), one["where"], one["message"])
        for one in json.loads(findings)[:FINDINGS_MAX]
    ]
    return dead_letter_headers(original, reason=reason, source=source, at=at, findings=found)


def _ids_in(message: Message) -> _Ids:
    match message:
        case ExecutionTicket():
            return _Ids(
                message.correlation_id,
                message.plan_id,
                message.intent_id,
                message.decision_id,
                message.trace_id,
                message.span_id,
            )
        case OrchestrationIncident():
            # A workflow is named after its decision.
            decision_id = message.workflow_id.removeprefix(workflow_id_of(DecisionId("")))
            return _Ids(message.correlation_id, decision_id=decision_id, trace_id=message.trace_id)
        case TelemetryFrame():
            ids = message.correlation
            return _Ids(
                ids.correlation_id, ids.plan_id, ids.intent_id, ids.decision_id, ids.trace_id
            )
        case _:
            return _Ids()


def _printable(text: str) -> bytes:
    # As JSON escapes it, without the quotes: ASCII, on one line.
    return json.dumps(text[:TEXT_MAX])[1:-1].encode("ascii")
