"""What a handler knows of the attempt that it executes, and what it can say meanwhile."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from orchestrator_dynamic.models.execution_ticket import ExecutionTicket
from orchestrator_dynamic.models.worker import HeartbeatVerdict
from orchestrator_dynamic.sdk.errors import TicketCancelled, TicketSuperseded
from orchestrator_dynamic.wire.message_headers import traceparent_of

# Results travel as messages: what is longer belongs into the worker's own log.
LOG_LINES_MAX = 200
LOG_LINE_LENGTH_MAX = 2_000

Beat = Callable[["TicketContext", Mapping[str, str]], Awaitable[HeartbeatVerdict]]


class TicketContext:
    """One attempt at one ticket, as its handler sees it.

    Attributes:
        ticket: what is to be done.
        attempt: 1 for the first, 2 for the first retry.
    """

    __slots__ = ("_beat", "_lines", "_lines_told", "attempt", "ticket", "verdict")

    def __init__(self, ticket: ExecutionTicket, beat: Beat) -> None:
        self.ticket = ticket
        told = ticket.metadata.get("attempt", "")
        self.attempt = int(told) if told.isdecimal() else ticket.retry_count + 1
        self.verdict = HeartbeatVerdict.GO_ON
        self._beat = beat
        self._lines: deque[str] | None = None
        self._lines_told = 0

    @property
    def idempotency_key(self) -> str:
        """The key under which an effect happens once; the same for every attempt at the ticket.

        It is the ticket's id, which is derived from decision and task: an attempt that repeats
        another after a lost answer or a restart finds the other's footprints under this key.
        """
        return self.ticket.ticket_id

    @property
    def traceparent(self) -> str | None:
        """The W3C trace header that makes a handler's own spans part of the plan's trace.

        It names the span of this attempt; None in a trace whose id is none of W3C's.
        """
        return traceparent_of(self.ticket.trace_id, self.ticket.span_id)

    @property
    def cancelled(self) -> bool:
        """Whether the ticket was cancelled or taken over; for code that cleans up."""
        return self.verdict is not HeartbeatVerdict.GO_ON

    async def heartbeat(self, progress: str | None = None, **metadata: str) -> None:
        """Show that the work goes on, and how far it has come.

        Raises:
            TicketCancelled: nobody wants the ticket any more.
            TicketSuperseded: a newer attempt has taken over.
        """
        said = metadata if progress is None else {**metadata, "progress": progress}
        verdict = await self._beat(self, said)
        if self.verdict is HeartbeatVerdict.GO_ON:
            self.verdict = verdict
        match self.verdict:
            case HeartbeatVerdict.CANCELLED:
                raise TicketCancelled(f"ticket {self.ticket.ticket_id} was cancelled")
            case HeartbeatVerdict.SUPERSEDED:
                raise TicketSuperseded(
                    f"attempt {self.attempt} at ticket {self.ticket.ticket_id} was taken over"
                )
            case HeartbeatVerdict.GO_ON:
                pass

    def log(self, text: str) -> None:
        """Add a line to the result's log, which keeps the last 200 of 2,000 characters each."""
        if self._lines is None:
            self._lines = deque(maxlen=LOG_LINES_MAX)
        self._lines.append(text[:LOG_LINE_LENGTH_MAX].encode(errors="replace").decode())
        self._lines_told += 1

    def lines(self) -> tuple[str, ...]:
        """Return what was logged; where lines had to go, the first line says how many."""
        if self._lines is None:
            return ()
        gone = self._lines_told - len(self._lines)
        return (f"… {gone} earlier lines left out", *self._lines) if gone else tuple(self._lines)
