"""What a worker makes of each message on the tickets topic."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from orchestrator_dynamic.errors import InvalidInput
from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import WorkerProfile
from orchestrator_dynamic.sdk.kafka_attempts import Attempt, AttemptBook, Fate, Place
from orchestrator_dynamic.sdk.kafka_selection import Meaning, attempt_of, meaning_of
from orchestrator_dynamic.sdk.transport import Clock
from orchestrator_dynamic.wire.avro_schemas import Schema
from orchestrator_dynamic.wire.ticket_reader import read_ticket

log = logging.getLogger(__name__)


class SchemaSource(Protocol):
    """Knows what messages were written with; see `wire.message_codec.MessageCodec`."""

    async def writer_schema(
        self, data: bytes, headers: Mapping[str, bytes] | None = None
    ) -> Schema | None:
        """Return the schema that `data` was written with, where a registry knows it."""
        ...


class TicketHearing:
    """Reads messages and enters them into the book.

    Args:
        on_queued: told that there is one more ticket to take.
        on_cancelled: told of each attempt that nobody has begun, to be answered as cancelled.

    Attributes:
        tally: how many messages there were of each meaning and fate.
    """

    def __init__(
        self,
        book: AttemptBook,
        codec: SchemaSource,
        profile: WorkerProfile,
        clock: Clock,
        *,
        on_queued: Callable[[], None],
        on_cancelled: Callable[[Attempt], None],
    ) -> None:
        self._book = book
        self._codec = codec
        self._profile = profile
        self._clock = clock
        self._on_queued = on_queued
        self._on_cancelled = on_cancelled
        self.tally: Counter[str] = Counter()

    async def hear(self, record: Any, place: Place) -> None:
        """Do what `record` asks; what asks for nothing is done at once.

        Raises:
            RegistryUnavailable: it cannot be read yet.
            Misconfigured: the registry refuses us.
        """
        ticket = await self._read(record)
        if ticket is None:
            self.tally["unreadable"] += 1
            place.done()
            return
        if not place.mark.live:
            return  # The partition went to another while a registry was asked.
        meaning = meaning_of(ticket, self._profile, record.timestamp, self._clock.now_ms())
        self.tally[meaning] += 1
        if meaning is Meaning.WORK:
            self._deliver(Attempt(ticket, dict(record.headers), record.timestamp), place)
            return
        if meaning is Meaning.CANCEL:
            self._cancel(ticket)
        place.done()

    async def look_ahead(self, record: Any) -> None:
        """Stop what `record` makes useless; it will be heard in its turn.

        Raises:
            RegistryUnavailable, Misconfigured: as `hear`.
        """
        ticket = await self._read(record)
        if ticket is None:
            return
        match meaning_of(ticket, self._profile, record.timestamp, self._clock.now_ms()):
            case Meaning.CANCEL:
                self._cancel(ticket)
            case Meaning.WORK:
                self._book.foresee(ticket.ticket_id, attempt_of(ticket))
            case Meaning.NOT_OURS | Meaning.NOT_PENDING | Meaning.EXPIRED:
                pass

    async def _read(self, record: Any) -> ExecutionTicket | None:
        data, headers = record.value or b"", dict(record.headers)
        try:
            schema = await self._codec.writer_schema(data, headers)
            return read_ticket(data, headers, writer_schema=schema)
        except InvalidInput as error:
            # The reason only: what was wrong may quote what others must not see.
            where = f"{record.topic}/{record.partition}/{record.offset}"
            log.warning("the message at %s is no ticket: %s", where, error.reason)
            return None

    def _deliver(self, attempt: Attempt, place: Place) -> None:
        fate = self._book.deliver(attempt, place)
        self.tally[fate] += 1
        match fate:
            case Fate.QUEUED:
                self._on_queued()
            case Fate.CANCELLED:
                self._on_cancelled(attempt)
            case Fate.REPEATED | Fate.STALE:
                pass

    def _cancel(self, ticket: ExecutionTicket) -> None:
        attempt = self._book.cancel(ticket.ticket_id, attempt_of(ticket))
        if attempt is not None:
            self._on_cancelled(attempt)
