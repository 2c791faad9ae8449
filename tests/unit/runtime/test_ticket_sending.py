"""Tickets as messages of a broker."""

import json

import pytest

from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable, MessageRefused
from orchestrator_dynamic.ports.ticket_bus import Dispatch
from orchestrator_dynamic.runtime.ticket_sending import SentTickets
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable
from tests.support.listed_schemas import ListedSchemas
from tests.support.messages import a_ticket
from tests.support.outside_parts import ListedSink, number_of

PRODUCED = 'orchestration_kafka_messages_produced_total{stream="tickets"}'
ERRORS = 'orchestration_kafka_errors_total{operation="produce"}'


def a_dispatch(name: str, score: float = 0.5) -> Dispatch:
    """Return a ticket on its way."""
    return Dispatch((-score, 0, 0), 1, a_ticket(name, correlation_id="c-1"))


async def test_a_ticket_is_keyed_by_its_plan_and_says_what_it_belongs_to() -> None:
    """One plan is one partition, so that its tickets stay in order."""
    sink, metrics = ListedSink(), Metrics()
    sending = SentTickets(sink, MessageCodec(None), "tickets", metrics)

    refusals = await sending.publish([a_dispatch("a", 0.1), a_dispatch("b", 0.9)])

    assert refusals == []
    assert [json.loads(message.value)["ticket_id"] for message in sink.on("tickets")] == ["b", "a"]
    assert {message.key for message in sink.sent} == {b"plan-1"}
    assert sink.sent[0].headers["plan-id"] == b"plan-1"
    assert sink.sent[0].headers["correlation-id"] == b"c-1"
    assert json.loads(sink.sent[0].value)["status"] == "PENDING"
    assert number_of(metrics, PRODUCED) == 2
    assert number_of(metrics, ERRORS) == 0


async def test_with_a_registry_tickets_are_avro() -> None:
    """Workers that read Avro find the schema by the number in front."""
    sink, schemas = ListedSink(), ListedSchemas()
    await SentTickets(sink, MessageCodec(schemas), "tickets").publish([a_dispatch("a")])

    [message] = sink.sent
    assert message.value[:5] == b"\x00\x00\x00\x00\x01"
    assert schemas.subjects == [("tickets-value", 1)]


async def test_a_refused_ticket_does_not_hold_up_the_others() -> None:
    """The broker says which one it was; what went with it goes again, under the same attempt."""
    sink, metrics = ListedSink(MessageRefused("it is too large", 1)), Metrics()
    sending = SentTickets(sink, MessageCodec(None), "tickets", metrics)

    refusals = await sending.publish([a_dispatch(name) for name in ("a", "b", "c")])

    assert [(one.ticket_id, one.attempt, one.why) for one in refusals] == [
        ("b", 1, "it is too large")
    ]
    assert [json.loads(message.value)["ticket_id"] for message in sink.sent] == ["a", "c"]
    assert (number_of(metrics, PRODUCED), number_of(metrics, ERRORS)) == (2, 1)


async def test_an_outage_is_told_and_counted() -> None:
    """Whoever publishes tries again; whoever looks at a dashboard sees it."""
    sink, metrics = ListedSink(BrokerUnavailable("no answer")), Metrics()
    sending = SentTickets(sink, MessageCodec(None), "tickets", metrics)

    with pytest.raises(BrokerUnavailable):
        await sending.publish([a_dispatch("a")])

    assert (number_of(metrics, PRODUCED), number_of(metrics, ERRORS)) == (0, 1)


async def test_a_registry_that_is_away_is_told_and_counted() -> None:
    """The brokers are well, and yet nothing leaves: the number says whose fault it is."""
    sink, schemas, metrics = ListedSink(), ListedSchemas(), Metrics()
    schemas.faults.append(RegistryUnavailable("no answer"))
    sending = SentTickets(sink, MessageCodec(schemas), "tickets", metrics)

    with pytest.raises(RegistryUnavailable):
        await sending.publish([a_dispatch("a")])

    counted = 'orchestration_kafka_errors_total{operation="schema"}'
    assert (number_of(metrics, counted), number_of(metrics, ERRORS)) == (1, 0)


async def test_what_is_cancelled_is_sent_and_comes_not_back() -> None:
    """A broker gives nothing back: somebody may be at work."""
    sink = ListedSink()

    back = await SentTickets(sink, MessageCodec(None), "tickets").cancel([a_dispatch("a")])

    assert tuple(back) == ()
    assert len(sink.on("tickets")) == 1
