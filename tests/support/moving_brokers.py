"""Everything that is counted where brokers are, made to happen; the brokers are lists."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.adapters.sqlite.shared_ledger import SqliteSharedLedger
from orchestrator_dynamic.consumers.consumption import ConsumptionLimits
from orchestrator_dynamic.consumers.dead_letters import DeadLetters, TooManyDeadLetters
from orchestrator_dynamic.consumers.decision_consumer import DecisionConsumer
from orchestrator_dynamic.consumers.taker import Stream
from orchestrator_dynamic.core.policy import Policy
from orchestrator_dynamic.observability.metrics import Metrics
from orchestrator_dynamic.ports.message_sink import BrokerUnavailable
from orchestrator_dynamic.ports.record_source import Partition, Record
from orchestrator_dynamic.runtime.relay import Relay
from orchestrator_dynamic.runtime.ticket_sending import SentTickets
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable
from tests.support.engines import a_message
from tests.support.ledgers import beside
from tests.support.listed_schemas import ListedSchemas
from tests.support.messages import NOON, a_result
from tests.support.metric_samples import Samples, samples
from tests.support.outside_parts import TOPICS, ListedSink, an_engine_around
from tests.support.outside_parts import until as until_later
from tests.support.record_source import ListedRecords
from tests.support.takers import ListingTaker, consuming, until

AWAY = BrokerUnavailable("no answer")
LATE = Policy(ticket_timeout_min_ms=50, plan_timeout_ms=100)


async def everything_consumed(directory: Path) -> list[Samples]:
    """Let records of every stream be held back for a while, and taken then."""
    metrics, streams = Metrics(), tuple(Stream)
    parts = [Partition(stream, 0) for stream in streams]
    source, takers = ListedRecords(*parts), [ListingTaker(one, one) for one in streams]
    limits = ConsumptionLimits(poll_s=0.01, waits_s=(0.05,))
    source.poll_faults.append(AWAY)
    source.commit_faults.append(AWAY)
    faults = (AWAY, RegistryUnavailable("no answer"), TooManyDeadLetters("enough"))
    for taker, fault in zip(takers, faults, strict=True):
        taker.faults = [fault]
    async with consuming(source, *takers, metrics=metrics, limits=limits):
        start = samples(metrics)
        for part in parts:
            source.add(part, b"a")
        await until(lambda: len(source.paused) == len(parts))
        held = samples(metrics)
        await until(lambda: len(source.committed) == len(parts))
    return [start, held, samples(metrics)]


async def everything_sent(directory: Path) -> list[Samples]:
    """Let a plan come late, and all that is said about it go out, to brokers that come and go."""
    metrics, sink, schemas = Metrics(), ListedSink(AWAY), ListedSchemas()
    schemas.faults.append(RegistryUnavailable("no answer"))
    codec = MessageCodec(schemas)
    start = samples(metrics)
    publisher = SentTickets(sink, codec, "tickets", metrics)
    async with an_engine_around(directory, publisher=publisher, policy=LATE) as around:
        await around.engine.submit(a_message(), source="test")
        letters = DeadLetters(around.engine, "plans", to="letters")
        taker = DecisionConsumer("plans", around.engine, MessageCodec(None), letters)
        await taker.take([Record(Partition("plans", 0), 0, b"key", b"poison", {}, NOON)])
        [plan] = around.engine.plans
        await until_later(lambda: plan.state.sla_violations >= 2)
        ticket_id = plan.state.tickets[0].ticket_id
        for_good = {"success": False, "metadata": {"retryable": "false"}}
        await around.engine.report(a_result(ticket_id, status="FAILED", result=for_good))
        await around.engine.outcome_of(plan.state.workflow_id)
    with beside(directory) as connection:
        relay = Relay(
            outbox=SqliteSharedLedger(connection),
            sink=sink,
            codec=codec,
            topics=TOPICS,
            clock=SystemClock(),
            metrics=metrics,
        )
        sink.away = AWAY
        return [start, *await _relayed(relay, sink, metrics)]


async def _relayed(relay: Relay, sink: ListedSink, metrics: Metrics) -> Sequence[Samples]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(relay.run())
        calls = sink.calls
        await until_later(lambda: sink.calls > calls)
        waiting = samples(metrics)
        sink.away = None
        await until_later(lambda: bool(sink.on("telemetry")))
        relay.leave()
        await running
    return [waiting, samples(metrics)]
