"""The least that any durable engine over Kafka must do, to be measured beside ours.

One commit for each batch of tickets that are released together, then each ticket as a message, each
answer as a message. Messages say what ours say, and the clients are set as ours are. It commits no
offsets, knows no time and no retry, records nothing else, and would lose track after a crash: a
floor, not an engine.
"""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import NAMESPACE_OID, uuid5

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

from orchestrator_dynamic.adapters.kafka.closing import stop_consumer, stop_producer
from orchestrator_dynamic.adapters.kafka.connection import KafkaOptions, client_arguments
from orchestrator_dynamic.adapters.kafka.failures import translated
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.ids import PlanId, TaskId, TicketId
from orchestrator_dynamic.wire.message_codec import MessageCodec
from orchestrator_dynamic.wire.message_headers import headers_of
from orchestrator_dynamic.wire.result_reader import read_result

Place = tuple[int, int]
"""A plan's number and a task's."""

_START_S = 30.0
# Of silence, after which somebody has died.
_PATIENCE_S = 60.0
_POLL_MS = 500
_RECORDS_MAX = 500
_BATCH_BYTES = 128 * 1024

_TEMPLATE = {
    "ticket_id": "floor",
    "plan_id": "floor",
    "intent_id": "floor",
    "decision_id": "floor",
    "task_id": "floor",
    "task_type": "EXECUTE",
    "priority": "NORMAL",
    "risk_band": "low",
    "sla": {"deadline": 2**42, "timeout_ms": 3_600_000, "max_retries": 1},
    "qos": {
        "delivery_mode": "AT_LEAST_ONCE",
        "consistency": "EVENTUAL",
        "durability": "PERSISTENT",
    },
    "security_level": "INTERNAL",
    "created_at": 0,
    "metadata": {
        "workflow_id": "orch-floor",
        "attempt": "1",
        "priority_score": "0.3000",
        "allocation_method": "broadcast",
    },
}


class Order(Protocol):
    """Which tasks may go."""

    def roots(self) -> list[Place]:
        """Return the tasks that wait for nothing."""
        ...

    def before(self, plan: int, task: int) -> list[int]:
        """Return the tasks of the same plan that this one depends on."""
        ...

    def ended(self, plan: int, task: int) -> list[Place]:
        """Return the tasks that may go now that this one has ended."""
        ...


class _Names:
    """The ids of a run's plans and tickets, each derived once."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._tickets: dict[Place, TicketId] = {}

    def plan(self, plan: int) -> str:
        return f"{self._run}-{plan}"

    def ticket(self, plan: int, task: int) -> TicketId:
        place = plan, task
        known = self._tickets.get(place)
        if known is None:
            derived = str(uuid5(NAMESPACE_OID, f"{self.plan(plan)}/{task}"))
            known = self._tickets[place] = TicketId(derived)
        return known


class KafkaFloor:
    """Runs plans; open it as a context. It is alone in `group`.

    Args:
        commit: makes a batch of tickets durable before they are sent.
    """

    def __init__(
        self,
        options: KafkaOptions,
        codec: MessageCodec,
        *,
        tickets_topic: str,
        results_topic: str,
        group: str,
        commit: Callable[[Sequence[Place]], None],
    ) -> None:
        self._codec = codec
        self._topic = tickets_topic
        self._commit = commit
        self._ticket = ExecutionTicket.model_validate(_TEMPLATE)
        # Set as `message_sink` and `record_source` set theirs.
        self._producer = AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            **client_arguments(options),
        )
        self._consumer = AIOKafkaConsumer(
            results_topic,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=250,
            **client_arguments(options),
        )

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            BrokerUnavailable: the brokers cannot be reached.
            Misconfigured: they refuse us.
        """
        try:
            async with asyncio.timeout(_START_S):
                await self._producer.start()
                await self._consumer.start()
        except BaseException as error:
            await self._close()
            if isinstance(error, KafkaError | OSError | TimeoutError):
                raise translated(error, "connecting the floor") from error
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self._close()

    async def run(self, order: Order, run: str) -> int:
        """Return how many commits it took until every task was answered.

        Args:
            run: makes the tickets' ids differ from another run's.

        Raises:
            BrokerUnavailable: nothing has come for a minute.
        """
        out, names = dict[str, Place](), _Names(run)
        acknowledgements: list[asyncio.Future[object]] = []
        commits, ready = 0, order.roots()
        try:
            while ready or out:
                if ready:
                    self._commit(ready)
                    commits += 1
                    async with asyncio.timeout(_PATIENCE_S):
                        acknowledgements += [
                            await self._sent(one, order, names, out) for one in ready
                        ]
                ready = await self._released(order, out)
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.gather(*acknowledgements)
        except (KafkaError, OSError, TimeoutError) as error:
            raise translated(error, f"running the floor, {len(out)} tickets out") from error
        return commits

    async def _sent(
        self, place: Place, order: Order, names: _Names, out: dict[str, Place]
    ) -> "asyncio.Future[Any]":
        plan, task = place
        ticket_id, plan_id = names.ticket(plan, task), names.plan(plan)
        out[ticket_id] = place
        ticket = self._ticket.model_copy(
            update={
                "ticket_id": ticket_id,
                "plan_id": PlanId(plan_id),
                "task_id": TaskId(f"t{task}"),
                "dependencies": tuple(names.ticket(plan, one) for one in order.before(plan, task)),
            }
        )
        value = await self._codec.encode(ticket, self._topic)
        headers = list(headers_of(ticket, value).items())
        future: asyncio.Future[Any] = await self._producer.send(
            self._topic, value, key=plan_id.encode(), headers=headers
        )
        return future

    async def _released(self, order: Order, out: dict[str, Place]) -> list[Place]:
        """Return what the next answers release; they are asked for until some come."""
        released: list[Place] = []
        async with asyncio.timeout(_PATIENCE_S):
            found: dict[Any, list[Any]] = {}
            while not found:
                found = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_RECORDS_MAX)
        for record in (record for records in found.values() for record in records):
            headers = dict(record.headers)
            schema = await self._codec.writer_schema(record.value, headers)
            result = read_result(record.value, headers, writer_schema=schema)
            place = out.pop(result.ticket_id, None)
            if place is not None:
                released += order.ended(*place)
        return released

    async def _close(self) -> None:
        await stop_producer(self._producer, 2.0)
        await stop_consumer(self._consumer, 5.0)
