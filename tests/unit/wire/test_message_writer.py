"""What we send says no more, and no other words, than its contract knows."""

import hashlib
import json

import pytest
from hypothesis import given

from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.wire.message_reader import read_message
from orchestrator_dynamic.wire.message_writer import sealed, to_avro, to_json, to_wire
from orchestrator_dynamic.wire.result_reader import read_result
from tests.support.messages import a_result, a_ticket, an_incident, incidents


def test_a_ticket_is_json_of_the_contracts_fields() -> None:
    """Sorted and without blanks, so that equal tickets are equal bytes."""
    data = to_json(a_ticket(parameters={"b": "ä", "a": ""}, started_at=None))

    assert b'"parameters":{"a":"","b":"\xc3\xa4"}' in data
    assert b'"started_at":null' in data
    assert b'"status":"PENDING"' in data
    assert list(json.loads(data)) == sorted(json.loads(data))


def test_a_schema_id_makes_a_prefix() -> None:
    """Without one the bare body is for those who name the schema in a header."""
    assert to_avro(a_ticket(), schema_id=258) == b"\x00\x00\x00\x01\x02" + to_avro(a_ticket())


@pytest.mark.parametrize("status", [ExecutionStatus.PREEMPTED, ExecutionStatus.CANCELLED])
def test_a_result_that_was_cut_short_is_sent_as_a_failure(status: ExecutionStatus) -> None:
    """Others would refuse a word that the contract does not have; metadata keeps it."""
    result = a_result(status=status, result={"success": False, "metadata": {"attempt": "2"}})

    sent = read_result(to_json(result))

    assert sent.status is ExecutionStatus.FAILED
    assert sent.result.metadata == {"attempt": "2", "status": status.value}
    assert read_result(to_avro(result, schema_id=1)) == sent


def test_an_incident_is_sealed_when_it_is_sent() -> None:
    """Whoever receives it can tell that it was not altered."""
    record = to_wire(an_incident(details=["ä"]))

    digest = record.pop("hash")

    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest == hashlib.sha256(text.encode()).hexdigest()


@given(incidents)
def test_a_sealed_incident_stays_sealed(incident: OrchestrationIncident) -> None:
    """Sending it again, or passing it on, gives the same seal."""
    received = read_message(OrchestrationIncident, to_json(incident))

    assert sealed(received) == received == sealed(incident)
