"""What leaves for the results topic, and in which words."""

import json

import pytest

from orchestrator_dynamic.core.answers import answer_of
from orchestrator_dynamic.core.facts import TicketFailed
from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.ids import TicketId
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.kafka_answers import Signature, attempt_told
from orchestrator_dynamic.sdk.kafka_attempts import Attempt
from orchestrator_dynamic.sdk.kafka_results import failed_instead, too_large
from orchestrator_dynamic.simulation.virtual_clock import VirtualClock
from orchestrator_dynamic.wire import message_writer
from orchestrator_dynamic.wire.result_reader import read_result
from tests.unit.sdk.tickets import a_ticket

SIGNATURE = Signature(WorkerProfile(worker_id="w"), VirtualClock())


def test_a_cancelled_attempt_is_not_tried_again_by_those_who_do_not_know_the_word() -> None:
    """On the wire it is a failure, and failures are tried again unless they say otherwise."""
    letter = SIGNATURE.cancelled(Attempt(a_ticket(attempt=2)))
    data = message_writer.to_json(letter.result)

    fact = answer_of(read_result(data), 0, 0, 0.0)

    assert json.loads(data)["status"] == "FAILED"
    assert isinstance(fact, TicketFailed)
    assert not fact.retryable
    assert fact.attempt == 2


def test_an_answer_carries_the_names_that_its_ticket_came_with_and_no_others() -> None:
    """A trace goes on; what describes the ticket's own bytes does not describe the answer's."""
    headers = {
        "Traceparent": b"00-1-2-01",
        "plan-id": b"p",
        "content-type": b"application/avro",
        "__value_schema_id": b"x",
    }

    letter = SIGNATURE.alive(Attempt(a_ticket(), headers))

    assert letter.headers == [("Traceparent", b"00-1-2-01"), ("plan-id", b"p")]


def test_a_sign_of_life_ends_no_attempt() -> None:
    """Its acknowledgement must not commit the ticket's offset."""
    letter = SIGNATURE.alive(Attempt(a_ticket()))

    assert letter.attempt is None
    assert letter.result.status is ExecutionStatus.RUNNING


def test_what_no_broker_takes_becomes_a_failure_that_is_not_repeated() -> None:
    """Sending it for ever would block every answer behind it."""
    result = ExecutionResult.model_validate(
        {
            "ticket_id": "t-1",
            "status": "COMPLETED",
            "result": {"success": True, "output": {"a": "x"}, "metadata": {"attempt": "2"}},
        }
    )

    instead = too_large(result, 2_000_000)

    assert instead.status is ExecutionStatus.FAILED
    assert instead.result.output == {}
    assert instead.result.metadata == {"attempt": "2", "retryable": "false"}
    assert instead.error_message == "the result takes 2,000,000 bytes, more than the brokers take"
    assert failed_instead(result, "why").error_message == "why"


def test_a_result_that_tells_no_attempt_is_a_mistake_of_ours() -> None:
    """Without it nobody could say whether the answer is still wanted."""
    with pytest.raises(InvariantViolation):
        attempt_told(ExecutionResult(ticket_id=TicketId("t"), status=ExecutionStatus.COMPLETED))
