"""What is written is read again, as JSON and as Avro, with a prefix and without."""

import uuid
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator_dynamic.errors import InvariantViolation
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.cognitive_plan import CognitivePlan
from orchestrator_dynamic.models.consolidated_decision import ConsolidatedDecision
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.telemetry_frame import TelemetryFrame
from orchestrator_dynamic.models.vocabulary import ExecutionStatus
from orchestrator_dynamic.wire.approval_reader import read_approval
from orchestrator_dynamic.wire.decision_reader import read_decision
from orchestrator_dynamic.wire.framing import framed
from orchestrator_dynamic.wire.message_reader import read_message
from orchestrator_dynamic.wire.message_writer import sealed, to_avro, to_json
from orchestrator_dynamic.wire.plan_reader import read_plan_alone
from orchestrator_dynamic.wire.result_reader import read_result
from orchestrator_dynamic.wire.ticket_reader import read_ticket
from tests.support import messages
from tests.support.messages import a_task, a_ticket

MessageT = TypeVar("MessageT", bound=Message)


def copies(
    message: MessageT, reader: Callable[[bytes, dict[str, bytes]], MessageT]
) -> Iterator[MessageT]:
    """Yield `message` after each way over the wire."""
    yield reader(to_json(message), {})
    yield reader(framed(7, to_json(message)), {})
    yield reader(to_avro(message, schema_id=7), {})
    yield reader(to_avro(message), {"__value_schema_id": uuid.UUID(int=7).bytes})


@given(messages.decisions)
def test_a_decision_survives_the_wire(decision: ConsolidatedDecision) -> None:
    """Its plan too, which travels as text within it."""
    copied = copies(decision, lambda data, headers: read_decision(data, headers).decision)

    assert all(copy == decision for copy in copied)


@given(messages.plans)
def test_a_plan_survives_the_wire(plan: CognitivePlan) -> None:
    """Alone it travels as JSON only."""
    assert read_plan_alone(to_json(plan)).plan == plan


@given(messages.tickets)
def test_a_ticket_survives_the_wire(ticket: ExecutionTicket) -> None:
    """What a worker reads is what was issued."""
    assert all(copy == ticket for copy in copies(ticket, read_ticket))


@given(messages.results)
def test_a_result_survives_the_wire(result: ExecutionResult) -> None:
    """What the orchestrator reads is what the worker said."""
    if result.status not in (ExecutionStatus.PREEMPTED, ExecutionStatus.CANCELLED):
        assert all(copy == result for copy in copies(result, read_result))


@given(messages.approvals)
def test_an_approval_survives_the_wire(approval: ApprovalResponse) -> None:
    """Whoever asks a person gets the person's answer."""
    assert all(copy == approval for copy in copies(approval, read_approval))


@given(messages.incidents)
def test_an_incident_survives_the_wire(incident: OrchestrationIncident) -> None:
    """With the hash that it is sealed with."""

    def reader(data: bytes, headers: dict[str, bytes]) -> OrchestrationIncident:
        return read_message(OrchestrationIncident, data, headers)

    assert all(copy == sealed(incident) for copy in copies(incident, reader))


@given(st.one_of(messages.frames, messages.alerts, messages.violations))
def test_what_travels_as_json_only_survives_it(
    message: TelemetryFrame | SlaAlert | SlaViolation,
) -> None:
    """Our own buffer holds these as they were to be sent."""
    assert read_message(type(message), to_json(message)) == message


@given(messages.tickets)
def test_equal_tickets_are_equal_bytes(ticket: ExecutionTicket) -> None:
    """Carrying out a command twice sends the same message twice."""
    backwards = dict(reversed(ticket.parameters.items()))
    other = ticket.model_copy(update={"parameters": backwards})

    assert to_json(other) == to_json(ticket)


def test_a_part_of_a_message_is_not_a_message() -> None:
    """A task travels in a plan, or not at all."""
    with pytest.raises(InvariantViolation):
        to_json(a_task())


@pytest.mark.parametrize("writer", [to_json, to_avro])
def test_what_cannot_be_written_is_our_own_mistake(writer: Callable[[Message], bytes]) -> None:
    """Reading refuses half characters, so that only we can have made one."""
    with pytest.raises(InvariantViolation):
        writer(a_ticket(description="\ud800"))
