"""A worker's way to the orchestrator over Kafka: tickets off one topic, answers onto another.

What is promised, whatever happens to this process: an answer is acknowledged by the brokers
before the offset of its ticket is committed, so that a ticket is delivered again rather than lost.
A ticket may therefore be executed twice, after a crash or where a partition changes hands; its
attempt and its idempotency key are the same then.
"""

import asyncio
import logging
from collections import Counter, deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from orchestrator_dynamic.errors import Misconfigured
from orchestrator_dynamic.models.execution_result import ExecutionResult
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict, WorkerProfile
from orchestrator_dynamic.sdk.kafka_answers import Signature, answer, attempt_told
from orchestrator_dynamic.sdk.kafka_attempts import Attempt, AttemptBook
from orchestrator_dynamic.sdk.kafka_connection import BrokerUnavailable, KafkaConnection
from orchestrator_dynamic.sdk.kafka_hearing import SchemaSource, TicketHearing
from orchestrator_dynamic.sdk.kafka_life_signs import LifeSigns
from orchestrator_dynamic.sdk.kafka_lookout import Lookout
from orchestrator_dynamic.sdk.kafka_results import Encoder, ResultSender
from orchestrator_dynamic.sdk.kafka_selection import Meaning, attempt_of, expired
from orchestrator_dynamic.sdk.kafka_tickets import TicketReceiver
from orchestrator_dynamic.sdk.transport import Clock, Interrupt

# Before partitions go to others, answers that are under way may arrive: that spares a repetition.
FLUSH_BEFORE_LEAVING_S = 1.0
CLOSE_DEADLINE_S = 5.0

log = logging.getLogger(__name__)


class Codec(SchemaSource, Encoder, Protocol):
    """Reads and writes with a registry's help; `wire.message_codec.MessageCodec` is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaLimits:
    """How much a transport holds, and how long it is patient.

    Attributes:
        commit_interval_s: how often offsets are committed. A crash repeats what was done since
            then, and a commit costs a request.
        answers_max: how many answers may be under way before workers wait.
        remembered_max: of how many tickets it is remembered that they were answered.
        session_timeout_s: after this silence a worker's partitions go to others. A handler that
            blocks the event loop for longer loses them.
        poll_interval_max_s: the same for a worker that lives and does not poll, as ours does each
            second; Kafka's own default.
        start_patience_s: how long brokers may be away at the start; later they may be for ever.
    """

    commit_interval_s: float = 0.1
    answers_max: int = 1_000
    remembered_max: int = 10_000
    session_timeout_s: float = 10.0
    poll_interval_max_s: float = 300.0
    start_patience_s: float = 30.0


class KafkaTransport:
    """A `TicketTransport` for one worker, as long as its context is open.

    A failure that is for good cancels whoever has opened the context, and leaves it as an
    `ExceptionGroup` with `Misconfigured`.

    Args:
        profile: of the worker; tickets that it cannot execute are passed over. All members of a
            group must be able to do the same, for what one passes over no other is given.
        group_id: workers that share it share the tickets.

    Attributes:
        tally: how many messages there were of each meaning and fate, for whoever watches.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        profile: WorkerProfile,
        group_id: str,
        tickets_topic: str,
        results_topic: str,
        codec: Codec,
        clock: Clock,
        limits: KafkaLimits | None = None,
    ) -> None:
        self._connection = connection
        self._profile = profile
        self._clock = clock
        self._limits = limits = limits or KafkaLimits()
        self._queue_max = 2 * profile.concurrency
        self._book = AttemptBook(limits.remembered_max)
        self._takers: deque[asyncio.Future[None]] = deque()
        self._draining = False
        self._sender = ResultSender(
            connection, results_topic, codec, limits.answers_max, self._acknowledged
        )
        self._signature = Signature(profile, clock)
        self._life_signs = LifeSigns(self._book, self._sender, self._signature)
        self._hearing = TicketHearing(
            self._book,
            codec,
            profile,
            clock,
            on_queued=self._wake_one,
            on_cancelled=self._answer_cancelled,
        )
        self._lookout = Lookout(connection, tickets_topic, self._hearing.look_ahead)
        self._receiver = TicketReceiver(
            connection,
            tickets_topic,
            group_id,
            session_timeout_s=limits.session_timeout_s,
            poll_interval_max_s=limits.poll_interval_max_s,
            hear=self._hearing.hear,
            room=self._room,
            before_leaving=self._flush_for_a_moment,
            after_leaving=self._book.forget_lost,
            on_rest=self._lookout.look_from,
        )
        self._stack = AsyncExitStack()
        self._background: list[asyncio.Task[None]] = []
        self.tally: Counter[str] = self._hearing.tally

    # --- As a context -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Join the group and connect.

        Raises:
            BrokerUnavailable: as a group, if no broker lets us in for all of our patience.
            BrokerRefused: as a group, if one refuses us.
        """
        tasks = asyncio.TaskGroup()
        await self._stack.enter_async_context(tasks)
        try:
            async with asyncio.timeout(self._limits.start_patience_s):
                # Answers first: a ticket that is taken needs a way back.
                self._background.append(tasks.create_task(self._sender.run()))
                await self._sender.started.wait()
                self._background.append(tasks.create_task(self._receiver.run()))
                await self._receiver.started.wait()
            for work in (self._lookout, self._life_signs):
                self._background.append(tasks.create_task(work.run()))
            self._background.append(tasks.create_task(self._keep_committing()))
        except TimeoutError:
            last = self._sender.trouble or self._receiver.trouble
            patience = f"{self._limits.start_patience_s:g} s"
            error = BrokerUnavailable(f"{self._connection} let nobody in for {patience}: {last!r}")
            await self._leave(error)
            raise error from last
        except BaseException as error:
            await self._leave(error)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send and commit what is done, leave the group; what runs is delivered to others."""
        self._draining = True
        try:
            if not any(task.done() for task in self._background):
                async with asyncio.timeout(CLOSE_DEADLINE_S):
                    await self._sender.all_acknowledged()
                    await self._receiver.commit()
        except TimeoutError:
            log.warning("not all answers could be sent; their tickets will be executed again")
        finally:
            await self._leave(error)

    async def _leave(self, error: BaseException | None) -> None:
        for task in self._background:
            # One failure has cancelled all: a second time would cut their own leaving short.
            if not task.cancelling():
                task.cancel()
        await self._stack.__aexit__(type(error) if error else None, error, None)

    async def drain(self) -> None:
        """Hand out no more tickets, and return when those that run are answered for certain."""
        self._draining = True
        await self._book.at_rest.wait()
        await self._sender.all_acknowledged()

    # --- As a transport ---------------------------------------------------------------------------

    async def take(self, profile: WorkerProfile) -> ExecutionTicket:
        """Return the ticket that has waited longest; the orchestrator has sent the best first."""
        if profile is not self._profile and profile != self._profile:
            raise Misconfigured(f"this transport is for {self._profile}, not for {profile}")
        while (ticket := self._next()) is None:
            taker = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            try:
                await taker
            except asyncio.CancelledError:
                # What woke this one up is for another then.
                self._wake_one()
                raise
        return ticket

    async def report(self, result: ExecutionResult) -> None:
        """Return when `result` is queued, which waits while brokers are away for long."""
        attempt = self._book.find(result.ticket_id, attempt_told(result))
        if attempt is None:
            # A newer attempt has come since: this one's answer would change nothing.
            self.tally["answers_superseded"] += 1
            return
        await self._sender.put(answer(result, attempt))
        self._book.answered(attempt)

    async def heartbeat(self, beat: ExecutionResult) -> HeartbeatVerdict:
        """Pass the first sign of life on at once, and from then on the latest once a second."""
        number = attempt_told(beat)
        attempt = self._book.find(beat.ticket_id, number)
        if attempt is None:
            superseded = self._book.superseded(beat.ticket_id, number)
            return HeartbeatVerdict.SUPERSEDED if superseded else HeartbeatVerdict.GO_ON
        self._life_signs.give(attempt, beat)
        return attempt.verdict

    def watch(self, ticket: ExecutionTicket, interrupt: Interrupt) -> None:
        """As the protocol says."""
        number = attempt_of(ticket)
        attempt = self._book.find(ticket.ticket_id, number)
        if attempt is not None:
            attempt.watch(interrupt)
        elif self._book.superseded(ticket.ticket_id, number):
            interrupt(HeartbeatVerdict.SUPERSEDED)

    def unwatch(self, ticket: ExecutionTicket) -> None:
        """As the protocol says."""
        attempt = self._book.find(ticket.ticket_id, attempt_of(ticket))
        if attempt is not None:
            attempt.unwatch()

    # --- What happens meanwhile -------------------------------------------------------------------

    def _room(self) -> int:
        # Half of the queue at a time, so that not every ticket costs a poll of its own.
        queued = self._book.queued_count
        if self._draining or 2 * queued > self._queue_max or self._sender.full:
            return 0
        return self._queue_max - queued

    def _next(self) -> ExecutionTicket | None:
        """Return the next ticket that somebody still waits for, and note that it runs."""
        if self._draining:
            return None
        loop_time, now = asyncio.get_running_loop().time(), self._clock.now_ms()
        while (attempt := self._book.begin_next(loop_time)) is not None:
            if 2 * self._book.queued_count <= self._queue_max:
                self._receiver.room_made.set()
            if not expired(attempt.ticket, attempt.sent_at_ms, now):
                return attempt.ticket
            self.tally[Meaning.EXPIRED] += 1
            self._book.over(attempt)
        return None

    def _wake_one(self) -> None:
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                return

    def _answer_cancelled(self, attempt: Attempt) -> None:
        # There are no more of them than were queued, so that they need not wait for room.
        self._sender.put_at_once(self._signature.cancelled(attempt))

    def _acknowledged(self, attempt: Attempt) -> None:
        self._book.over(attempt)
        self._receiver.room_made.set()

    async def _keep_committing(self) -> None:
        while True:
            await asyncio.sleep(self._limits.commit_interval_s)
            await self._receiver.commit()

    async def _flush_for_a_moment(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_BEFORE_LEAVING_S):
                await self._sender.all_acknowledged()
        except TimeoutError:
            log.info("partitions go to others before all answers are sent")
