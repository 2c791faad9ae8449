"""Messages from the file to the broker: in order, across outages and restarts."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.ids import WorkflowId
from orchestrator_dynamic.models.incident import OrchestrationIncident
from orchestrator_dynamic.models.sla_events import SlaAlert, SlaViolation
from orchestrator_dynamic.models.telemetry_frame import FrameMetrics, TelemetryFrame
from orchestrator_dynamic.models.vocabulary import AlertType, Outcome, ViolationType
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.ledger import Batch
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable, MessageRefused
from orchestrator_dynamic.ports.outbox import Outgoing
from orchestrator_dynamic.ports.records import MessageRecord
from orchestrator_dynamic.runtime.relay import Relay
from orchestrator_dynamic.wire import avro_codec
from orchestrator_dynamic.wire.contracts import contract_of
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_writer import to_json
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable
from tests.support.ledgers import NOON, beside, committed
from tests.support.listed_schemas import ListedSchemas
from tests.support.messages import an_incident
from tests.support.outside_parts import TOPICS, ListedSink, number_of, until
from tests.support.shared_ledgers import a_dead_letter

CONTRACT = contract_of(OrchestrationIncident)
WORKFLOW = WorkflowId("orch-decision-1")
AWAY = BrokerUnavailable("no answer")
ERRORS = 'orchestration_kafka_errors_total{operation="produce"}'


def a_message(topic: str, message: Message, at: int = NOON) -> MessageRecord:
    """Return a message that waits to be sent."""
    return MessageRecord(topic, "key", to_json(message).decode(), at, None)


def incidents(count: int, first: int = 0) -> list[MessageRecord]:
    """Return incidents that wait to be sent, as they were raised."""
    return [
        a_message("incidents", an_incident(incident_id=f"i-{first + n}"), NOON + first + n)
        for n in range(count)
    ]


def ids_of(messages: list[Outgoing]) -> list[str]:
    """Return which incidents these are."""
    return [json.loads(message.value)["incident_id"] for message in messages]


@contextmanager
def a_relay(
    directory: Path, sink: ListedSink, schemas: ListedSchemas | None = None
) -> Iterator[tuple[Relay, Metrics]]:
    """Yield a relay of the file in `directory`, beside its engine."""
    metrics = Metrics()
    with beside(directory) as connection:
        yield (
            Relay(
                outbox=SqliteSharedLedger(connection),
                sink=sink,
                codec=MessageCodec(schemas),
                topics=TOPICS,
                clock=SystemClock(),
                metrics=metrics,
            ),
            metrics,
        )


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator["asyncio.Task[None]"]:
    """Relay until the end of the context."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(relay.run())
        yield task
        task.cancel()


async def made(directory: Path, *batches: Batch) -> None:
    """Make these batches durable."""
    await asyncio.to_thread(committed, directory, *batches)


async def test_messages_leave_in_the_order_in_which_they_were_kept(tmp_path: Path) -> None:
    """More than go in one call, so that each must begin where the one before ended."""
    sink = ListedSink()
    await made(tmp_path, Batch(messages=incidents(1_200)))
    with a_relay(tmp_path, sink) as (relay, metrics):
        async with running(relay):
            await until(lambda: len(sink.sent) == 1_200)

    assert ids_of(sink.on("incidents")) == [f"i-{n}" for n in range(1_200)]
    assert number_of(metrics, 'orchestration_kafka_messages_produced_total{stream="incid') == 1_200


async def test_an_outage_holds_messages_and_loses_none(tmp_path: Path) -> None:
    """They wait in the file; what is counted tells an operator why."""
    sink = ListedSink()
    sink.away = AWAY
    frame = a_message("telemetry", _frame())
    await made(tmp_path, Batch(messages=[*incidents(3), frame]))
    with a_relay(tmp_path, sink) as (relay, metrics):
        async with running(relay):
            await until(lambda: sink.calls >= 3)
            buffered = number_of(metrics, "orchestration_telemetry_buffered")
            sink.away = None
            await until(lambda: len(sink.sent) == 4)
            await until(lambda: number_of(metrics, "orchestration_telemetry_buffered") == 0)

    assert buffered == 1
    assert number_of(metrics, ERRORS) >= 3
    assert ids_of(sink.on("incidents")) == ["i-0", "i-1", "i-2"]


async def test_a_restart_goes_on_where_the_last_one_was(tmp_path: Path) -> None:
    """What was sent is noted; what was not is sent by the next process, in order."""
    first, second = ListedSink(), ListedSink()
    await made(tmp_path, Batch(messages=incidents(2)))
    with a_relay(tmp_path, first) as (relay, _):
        await relay.send_some()
        first.away = AWAY
        await made(tmp_path, Batch(messages=incidents(2, first=2)))
        with pytest.raises(BrokerUnavailable):
            await relay.send_some()

    with a_relay(tmp_path, second) as (relay, _):
        sent = [await relay.send_some(), await relay.send_some()]

    assert ids_of(first.sent) == ["i-0", "i-1"]
    assert ids_of(second.sent) == ["i-2", "i-3"]
    assert sent == [2, 0]


async def test_a_refused_message_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """It stays in the store, where people find it."""
    sink = ListedSink(MessageRefused("it is too large", 1))
    await made(tmp_path, Batch(messages=incidents(3)))
    with a_relay(tmp_path, sink) as (relay, metrics):
        sent = [await relay.send_some(), await relay.send_some()]

    assert ids_of(sink.sent) == ["i-0", "i-2"]
    assert sent == [3, 0]
    assert number_of(metrics, ERRORS) == 1


async def test_a_message_that_nobody_can_read_does_not_stop_the_engine(tmp_path: Path) -> None:
    """One row that another version wrote must not keep all others from leaving for ever."""
    sink = ListedSink()
    strange = MessageRecord("incidents", "key", '{"who": "knows"}', NOON, None)
    await made(tmp_path, Batch(messages=[strange, *incidents(1)]))
    with a_relay(tmp_path, sink) as (relay, _):
        sent = [await relay.send_some(), await relay.send_some()]

    assert ids_of(sink.sent) == ["i-0"]
    assert sent == [2, 0]


async def test_with_a_registry_incidents_are_avro_and_the_rest_is_json(tmp_path: Path) -> None:
    """Each as its contract says, with what it belongs to in its headers."""
    sink, schemas = ListedSink(), ListedSchemas()
    messages = [
        a_message("incidents", an_incident(correlation_id="c-1")),
        a_message("telemetry", _frame()),
        a_message("alerts", _alert()),
        a_message("violations", _violation()),
    ]
    await made(tmp_path, Batch(messages=messages, dead_letters=[a_dead_letter()]))
    with a_relay(tmp_path, sink, schemas) as (relay, metrics):
        await relay.send_some()

    [incident] = sink.on("incidents")
    told = avro_codec.decode(incident.value[5:], CONTRACT, await schemas.by_id(1))
    assert isinstance(told, dict)
    assert told["incident_id"] == "incident-1"
    assert schemas.subjects == [("incidents-value", 1)]
    assert incident.headers["content-type"] == b"application/avro"
    assert incident.headers["correlation-id"] == b"c-1"
    assert incident.headers["decision-id"] == b"decision-1"
    [frame] = sink.on("telemetry")
    assert json.loads(frame.value)["outcome"] == "SUCCESS"
    assert frame.headers["plan-id"] == b"plan-1"
    assert json.loads(sink.on("alerts")[0].value)["alert_id"] == "alert-1"
    assert json.loads(sink.on("violations")[0].value)["violation_id"] == "violation-1"
    assert {one.key for one in sink.sent} == {b"key", b"\x00key"}
    for stream in ("incidents", "telemetry", "sla_alerts", "sla_violations", "dead_letters"):
        line = f'orchestration_kafka_messages_produced_total{{stream="{stream}"}}'
        assert number_of(metrics, line) == 1, stream


async def test_a_dead_letter_keeps_its_bytes_and_says_why(tmp_path: Path) -> None:
    """Whoever reads that topic can mend it, and hand it in again as it was."""
    sink = ListedSink()
    await made(tmp_path, Batch(dead_letters=[a_dead_letter()]))
    with a_relay(tmp_path, sink) as (relay, _):
        await relay.send_some()

    [letter] = sink.on("plans.consensus.dlq")
    assert (letter.key, letter.value) == (b"\x00key", b"\xff{}")
    assert letter.headers["dead-letter-reason"] == b"not_json"
    assert letter.headers["dead-letter-source"] == b"plans.consensus[0]@7"
    assert letter.headers["trace"] == b"\xff1"


async def test_a_registry_that_is_away_holds_messages_up(tmp_path: Path) -> None:
    """Never a silent change to JSON: consumers would not understand it."""
    sink, schemas = ListedSink(), ListedSchemas()
    schemas.faults.append(RegistryUnavailable("no answer"))
    await made(tmp_path, Batch(messages=incidents(1)))
    with a_relay(tmp_path, sink, schemas) as (relay, _):
        with pytest.raises(RegistryUnavailable):
            await relay.send_some()
        before = list(sink.sent)
        await relay.send_some()

    assert before == []
    assert len(sink.sent) == 1


async def test_whoever_rings_need_not_wait(tmp_path: Path) -> None:
    """A turn's incident leaves at once; an hour of the relay's look would be too late for some."""
    sink = ListedSink()
    await made(tmp_path, Batch(messages=incidents(1)))
    with a_relay(tmp_path, sink) as (relay, _):
        async with running(relay):
            await until(lambda: len(sink.sent) == 1)
            await made(tmp_path, Batch(messages=incidents(1, first=1)))
            began = asyncio.get_running_loop().time()
            relay.ring()
            await until(lambda: len(sink.sent) == 2)
            waited = asyncio.get_running_loop().time() - began

    assert waited < 0.5


async def test_what_waits_is_sent_before_leaving(tmp_path: Path) -> None:
    """The last plan's frame must not wait for the next start."""
    sink = ListedSink()
    await made(tmp_path, Batch(messages=incidents(700)))
    with a_relay(tmp_path, sink) as (relay, _):
        async with running(relay) as task:
            relay.leave()
            async with asyncio.timeout(5):
                await task

    assert len(sink.sent) == 700


async def test_leaving_waits_for_what_came_last(tmp_path: Path) -> None:
    """Also for what was kept after its last look."""
    sink = ListedSink()
    await made(tmp_path, Batch(messages=incidents(1)))
    with a_relay(tmp_path, sink) as (relay, _):
        async with running(relay) as task:
            await until(lambda: len(sink.sent) == 1)
            await made(tmp_path, Batch(messages=incidents(1, first=1)))
            relay.leave()
            async with asyncio.timeout(5):
                await task

    assert len(sink.sent) == 2


def _frame() -> Message:
    ids = {
        "intent_id": "intent-1",
        "plan_id": "plan-1",
        "decision_id": "decision-1",
        "workflow_id": "orch-decision-1",
    }
    return TelemetryFrame.model_validate(
        {
            "source": "orchestrator-dynamic",
            "timestamp": NOON,
            "correlation": ids,
            "outcome": Outcome.SUCCESS,
            "steps": [],
            "metrics": dict.fromkeys(FrameMetrics.model_fields, 0),
        }
    )


def _alert() -> Message:
    return SlaAlert(
        alert_id="alert-1",
        alert_type=AlertType.DEADLINE_APPROACHING,
        severity="warning",
        service_name="orchestrator-dynamic",
        workflow_id=WORKFLOW,
        timestamp=NOON,
        context={},
    )


def _violation() -> Message:
    return SlaViolation(
        violation_id="violation-1",
        workflow_id=WORKFLOW,
        ticket_id=None,
        violation_type=ViolationType.DEADLINE_EXCEEDED,
        service_name="orchestrator-dynamic",
        sla_deadline=NOON,
        actual_completion=None,
        delay_ms=1,
        severity="high",
        metadata={},
        timestamp=NOON,
    )
