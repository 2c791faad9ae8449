"""Workers of one group: they share, they come and go, and some are not let in."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka.coordinator.assignors.range import (  # type: ignore[import-untyped]
    RangePartitionAssignor,
)

from orchestrator_dynamic.adapters.memory.system_clock import SystemClock
from orchestrator_dynamic.errors import Misconfigured, Unavailable
from orchestrator_dynamic.models.base import Message
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.sdk import TicketContext, Worker
from orchestrator_dynamic.sdk.kafka_connection import KafkaConnection
from orchestrator_dynamic.sdk.kafka_transport import KafkaLimits, KafkaTransport
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.schema_registry import RegistryUnavailable
from tests.services.sdk.exchange import PATIENCE_S, Exchange, passes
from tests.services.sdk.test_kafka_crashes import on_plans
from tests.support.servers.kafka import Kafka
from tests.unit.sdk.running import at_once
from tests.unit.sdk.tickets import a_ticket

pytestmark = pytest.mark.services


def counting(name: str, executed: Counter[str], takes_s: float = 0.005) -> Worker:
    """Return a worker that counts under its name and its ticket's."""
    worker = Worker(name, concurrency=4)

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed[name] += 1
        executed[ticket.ticket_id] += 1
        await passes(takes_s)

    return worker


async def test_two_workers_of_a_group_share_the_work(exchange: Exchange) -> None:
    """That is how work is scaled out: none of it is done twice."""
    executed = Counter[str]()

    async with (
        exchange.working(counting("a", executed)),
        exchange.working(counting("b", executed)),
    ):
        await exchange.publish(*on_plans(400))
        await exchange.answers(400)
        await exchange.until_committed(400)

    shares = executed.pop("a"), executed.pop("b")
    assert min(shares) > 0
    assert sum(shares) == 400
    assert set(executed.values()) == {1}


async def test_workers_may_come_and_go_while_others_work(exchange: Exchange) -> None:
    """Partitions move; what runs goes on, what waits goes with them, and nothing is lost."""
    executed, heard = Counter[str](), set[str]()

    async def hear_until(enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not enough():
                heard.add((await exchange.hear()).ticket_id)

    await exchange.publish(*on_plans(1_200))
    async with exchange.working(counting("a", executed, takes_s=0.02)):
        await hear_until(lambda: len(heard) >= 50)
        async with exchange.working(counting("b", executed, takes_s=0.02)):
            await hear_until(lambda: executed["b"] >= 50)
        await hear_until(lambda: len(heard) == 1_200)
        await exchange.until_committed(1_200)

    # What is not committed when partitions move is repeated, which is little.
    assert executed["a"] + executed["b"] < 1_200 + 50


async def test_long_work_keeps_its_place_in_the_group(exchange: Exchange) -> None:
    """A worker that has no time for the topic must not count as dead."""
    worker, executed = Worker("w"), list[str]()

    @worker.handles()
    async def work(ticket: ExecutionTicket, context: TicketContext) -> None:
        executed.append(ticket.ticket_id)
        await passes(6 if ticket.ticket_id == "t-0" else 0)

    limits = KafkaLimits(session_timeout_s=2.0, poll_interval_max_s=3.0)
    async with exchange.working(worker, limits=limits) as transport:
        await exchange.publish(*[a_ticket(f"t-{number}") for number in range(20)])
        await exchange.answers(20)
        await exchange.until_committed(20)

    assert executed == [f"t-{number}" for number in range(20)]
    assert transport.tally["repeated"] == 0


class Interrupted:
    """A codec whose registry is away for as long as a test says."""

    def __init__(self) -> None:
        self._codec = MessageCodec(None)
        self.asked = asyncio.Semaphore(0)
        self.back = asyncio.Event()

    async def writer_schema(
        self, data: bytes, headers: Mapping[str, bytes] | None = None
    ) -> Schema | None:
        """As the codec says, once the registry is back."""
        self._check()
        return await self._codec.writer_schema(data, headers)

    async def encode(self, message: Message, topic: str) -> bytes:
        """As the codec says, once the registry is back."""
        self._check()
        return await self._codec.encode(message, topic)

    def _check(self) -> None:
        if not self.back.is_set():
            self.asked.release()
            raise RegistryUnavailable("the registry does not answer")


async def test_while_the_registry_is_away_no_message_is_judged(exchange: Exchange) -> None:
    """An outage says nothing about a message: skipping it would lose the ticket."""
    worker, codec = Worker("w"), Interrupted()
    worker.handles()(at_once)

    async with exchange.working(worker, codec=codec) as transport:
        await exchange.publish(*on_plans(20))
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(4):
                await codec.asked.acquire()
        seen, committed = dict(transport.tally), await exchange.committed()
        codec.back.set()
        await exchange.answers(20)

    assert seen == {}
    assert committed == 0
    assert transport.tally == {"work": 20, "queued": 20}


async def test_a_worker_that_is_not_let_into_its_group_ends_and_says_why(
    exchange: Exchange,
) -> None:
    """It would wait for ever otherwise, and look as if there were nothing to do."""
    other = AIOKafkaConsumer(
        exchange.tickets_topic,
        bootstrap_servers=exchange.bootstrap_servers,
        group_id=exchange.group,
        partition_assignment_strategy=[RangePartitionAssignor],
    )
    await other.start()
    worker = Worker("w")
    worker.handles()(at_once)

    try:
        with pytest.RaisesGroup(
            pytest.RaisesExc(Misconfigured, match="InconsistentGroupProtocolError"),
            flatten_subgroups=True,
        ):
            async with exchange.working(worker):
                await asyncio.Event().wait()
    finally:
        await other.stop()


def over_sasl(kafka: Kafka, exchange: Exchange, worker: Worker, password: str) -> KafkaTransport:
    """Return a transport that logs in."""
    return KafkaTransport(
        KafkaConnection(
            bootstrap_servers=kafka.sasl_bootstrap_servers,
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-256",
            sasl_username=kafka.scram_login.username,
            sasl_password=password,
            ssl_ca_file=str(kafka.ca_file),
        ),
        profile=worker.profile(),
        group_id=exchange.group,
        tickets_topic=exchange.tickets_topic,
        results_topic=exchange.results_topic,
        codec=MessageCodec(None),
        clock=SystemClock(),
        limits=KafkaLimits(start_patience_s=5.0),
    )


async def test_a_worker_logs_in_over_tls(kafka: Kafka, exchange: Exchange) -> None:
    """That is how brokers are reached outside of a test."""
    worker = Worker("w")
    worker.handles()(at_once)

    async with over_sasl(kafka, exchange, worker, kafka.scram_login.password) as transport:
        await exchange.publish(a_ticket())
        async with asyncio.timeout(PATIENCE_S):
            ticket = await transport.take(worker.profile())

    assert ticket.ticket_id == "t-1"


async def test_a_wrong_password_ends_the_start_and_is_not_repeated_in_words(
    kafka: Kafka, exchange: Exchange
) -> None:
    """A person at a terminal must see more than a worker that does nothing."""
    worker = Worker("w")
    worker.handles()(at_once)

    with pytest.RaisesGroup(
        pytest.RaisesExc(
            (Misconfigured, Unavailable), check=lambda error: "guessed" not in str(error)
        ),
        flatten_subgroups=True,
    ):
        async with over_sasl(kafka, exchange, worker, "guessed"):
            pass
