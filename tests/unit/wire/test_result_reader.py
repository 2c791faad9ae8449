"""Workers' answers, as workers write them."""

import pytest

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.wire.result_reader import read_result
from tests.support.messages import NOON, a_result, as_json

DOCUMENT = a_result(result={"success": True, "metadata": {"attempt": "1"}}).model_dump(mode="json")


def read(**fields: object) -> ExecutionResult:
    """Return the result of ticket `t` with these fields, after it was sent."""
    return read_result(as_json({"ticket_id": "t", "status": "COMPLETED", **fields}))


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "RUNNING", "PREEMPTED", "CANCELLED"])
def test_a_status_is_read_in_any_case(status: str) -> None:
    """Two of the words are not in the contract, and are sent all the same."""
    assert read(status=status).status == status
    assert read(status=status.lower()).status == status


def test_cancelled_has_two_spellings() -> None:
    """Both sides of the ocean run workers."""
    assert read(status="canceled").status is ExecutionStatus.CANCELLED


@pytest.mark.parametrize(
    ("fields", "success"),
    [
        ({}, True),
        ({"result": None}, True),
        ({"result": {"output": {}}}, True),
        ({"result": {"success": None}}, True),
        ({"result": {"success": False}}, False),
        ({"status": "FAILED"}, False),
        ({"status": "FAILED", "result": {"logs": []}}, False),
        ({"status": "RUNNING"}, False),
        ({"status": "completed"}, True),
    ],
)
def test_where_success_is_not_said_the_status_says_it(
    fields: dict[str, object], success: bool
) -> None:
    """Where it is said it counts: COMPLETED without success is a failure."""
    assert read(**fields).result.success is success


def test_a_result_is_not_lost_for_how_it_is_spelt() -> None:
    """The work is done; asking for it again would do it twice."""
    result = read(
        ticketId="ignored",
        result={"success": True, "output": {"n": 1}, "metadata": {"attempt": 2}, "logs": ["a", 5]},
        actualDurationMs=0,
        agentId="w",
        timestamp="2026-01-01T12:00:00Z",
        schema_version="1",
    )

    assert result.ticket_id == "t"
    assert result.result.output == {"n": "1"}
    assert result.result.metadata == {"attempt": "2"}
    assert result.result.logs == ("a", "5")
    assert (result.actual_duration_ms, result.agent_id) == (0, "w")
    assert (result.timestamp, result.schema_version) == (NOON, 1)


def test_a_result_of_nobody_about_nothing_is_refused_with_every_reason() -> None:
    """It could be tied to no ticket."""
    with pytest.raises(InvalidInput) as caught:
        read_result(as_json({"status": "DANCING", "result": 5, "actual_duration_ms": -1}))

    assert caught.value.reason == "contract"
    assert {finding.where for finding in caught.value.findings} == {
        "ticket_id",
        "status",
        "result",
        "actual_duration_ms",
    }


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\x00\x00\x00\x00\x01\x02a"])
def test_what_is_no_result_is_refused(data: bytes) -> None:
    """As every message is."""
    with pytest.raises(InvalidInput):
        read_result(data)


def test_the_usual_result_is_read_as_it_is() -> None:
    """Nothing is added to what a worker says."""
    assert read_result(as_json(DOCUMENT)).model_dump(mode="json") == DOCUMENT
