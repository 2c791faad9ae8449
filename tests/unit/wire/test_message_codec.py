"""Which schema a message was written with, and what ours are written with."""

import pytest
from hypothesis import given

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.approval_response import ApprovalResponse
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.ids import PlanId
from orchestrator_dynamic.models.vocabulary import ApprovalDecision
from orchestrator_dynamic.wire import avro_schemas, message_writer
from orchestrator_dynamic.wire.approval_reader import read_approval
from orchestrator_dynamic.wire.framing import framed, unframed
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable, SchemaRefused
from orchestrator_dynamic.wire.ticket_reader import read_ticket
from tests.support.listed_schemas import GUID, ListedSchemas
from tests.support.messages import (
    NOON,
    a_decision,
    a_result,
    a_ticket,
    alerts,
    an_incident,
    frames,
    violations,
)

SCHEMA = avro_schemas.schema(avro_schemas.CONSOLIDATED_DECISION)


APPROVAL = ApprovalResponse(
    plan_id=PlanId("plan-1"), decision=ApprovalDecision.APPROVED, approved_by="ana"
)


def a_registry() -> ListedSchemas:
    """Return a registry that has one schema."""
    return ListedSchemas(SCHEMA)


async def test_the_number_in_the_prefix_names_the_schema() -> None:
    """It is the writer's, which may be newer than ours."""
    message = message_writer.to_avro(a_decision(), 1)

    assert await MessageCodec(a_registry()).writer_schema(message, {}) is SCHEMA


async def test_a_header_may_name_the_schema() -> None:
    """As newer clients do it."""
    body = message_writer.to_avro(a_decision())

    schema = await MessageCodec(a_registry()).writer_schema(
        body, {"__Value_Schema_Id": GUID.encode()}
    )

    assert schema is SCHEMA


@pytest.mark.parametrize(
    "body", [b'{"a": 1}', b' {"a": 1}\n', b'"{}"', b'\x00\x00\x00\x00\x09{"a": 1}']
)
async def test_json_asks_nobody(body: bytes) -> None:
    """Also after a prefix with a number that nobody has: it is seen, and must be read."""
    registry = a_registry()

    assert await MessageCodec(registry).writer_schema(body, {}) is None
    assert registry.asked == 0


async def test_avro_that_begins_like_a_quotation_is_avro() -> None:
    """An id of 17 characters is written as a quote and the id."""
    decision = a_decision(decision_id="decision-of-17-ch", schema_version=17)
    message = message_writer.to_avro(decision, 1)
    assert unframed(message).body.startswith(b'"')
    assert unframed(message).body.endswith(b'"')

    assert await MessageCodec(a_registry()).writer_schema(message, {}) is SCHEMA


@pytest.mark.parametrize(
    ("message", "headers"),
    [
        (framed(99, b"\x10decision"), {}),
        (b"\x10decision", {"__value_schema_id": b"00000000-0000-0000-0000-000000000000"}),
    ],
)
async def test_a_schema_that_the_registry_lacks_refuses_the_message(
    message: bytes, headers: dict[str, bytes]
) -> None:
    """Guessed by our own schema, its bytes might mean anything."""
    with pytest.raises(InvalidInput) as caught:
        await MessageCodec(a_registry()).writer_schema(message, headers)

    assert caught.value.reason == "unknown_schema"


async def test_an_absent_registry_refuses_nothing() -> None:
    """Messages are then read by their contracts."""
    assert await MessageCodec(None).writer_schema(framed(99, b"\x10decision"), {}) is None


async def test_a_registry_that_is_away_is_no_fault_of_the_message() -> None:
    """It stays where it is until the registry is back."""
    registry = a_registry()
    registry.faults.append(RegistryUnavailable("no answer"))

    with pytest.raises(RegistryUnavailable):
        await MessageCodec(registry).writer_schema(framed(1, b"\x10decision"), {})


async def test_a_prefix_that_is_cut_short_is_refused_by_the_codec_already() -> None:
    """So that there is no number to ask for."""
    with pytest.raises(InvalidInput) as caught:
        await MessageCodec(a_registry()).writer_schema(b"\x00\x00", {})

    assert caught.value.reason == "unreadable_avro"


@pytest.mark.parametrize("message", [a_decision(), a_ticket(), a_result(), an_incident(), APPROVAL])
async def test_contracts_of_avro_are_written_so_where_there_is_a_registry(message: Message) -> None:
    """Under the subject of the topic's values, as all of Confluent's clients look for it."""
    registry = ListedSchemas()

    value = await MessageCodec(registry).encode(message, "some.topic")

    assert registry.subjects == [("some.topic-value", 1)]
    assert value == message_writer.to_avro(message, 1)


async def test_what_was_encoded_is_read_by_the_schema_that_was_registered() -> None:
    """The way round: our tickets and approvals come out as they went in."""
    codec = MessageCodec(ListedSchemas())
    ticket = a_ticket(parameters={"a": "ü"})
    approval = APPROVAL.model_copy(update={"approved_at": NOON})
    values = [await codec.encode(ticket, "tickets"), await codec.encode(approval, "approvals")]

    schemas = [await codec.writer_schema(value, {}) for value in values]

    assert None not in schemas
    assert read_ticket(values[0]) == ticket
    assert read_approval(values[1], writer_schema=schemas[1]) == approval


async def test_each_topic_registers_once() -> None:
    """Ten thousand tickets must not ask ten thousand times."""
    registry = ListedSchemas()
    codec = MessageCodec(registry)

    values = [await codec.encode(a_ticket(f"ticket-{n}"), "tickets") for n in range(100)]
    await codec.encode(a_ticket(), "others")

    assert registry.subjects == [("tickets-value", 1), ("others-value", 2)]
    assert {unframed(value).schema_id for value in values} == {1}


@given(frames | alerts | violations)
async def test_json_contracts_stay_json(message: Message) -> None:
    """Frames and SLA events have consumers that read nothing else."""
    registry = ListedSchemas()

    value = await MessageCodec(registry).encode(message, "topic")

    assert value == message_writer.to_json(message)
    assert registry.subjects == []


async def test_everything_is_json_without_a_registry() -> None:
    """The same object, with the same fields."""
    value = await MessageCodec(None).encode(a_ticket(), "tickets")

    assert value == message_writer.to_json(a_ticket())


async def test_a_refused_schema_is_never_replaced_by_json() -> None:
    """Whoever reads Avro there would be poisoned by it."""
    registry = ListedSchemas()
    registry.faults.append(SchemaRefused("not compatible"))

    with pytest.raises(SchemaRefused):
        await MessageCodec(registry).encode(a_ticket(), "tickets")
