"""Spans to an OTLP collector, in a thread of their own: the flow never waits for one.

What is waiting is bounded, and what does not fit is dropped and counted. A collector that is away
is tried again after a pause that grows. The end of the process is bounded here as well, for the
library's own flush can take half a minute however short a limit it is given.
"""

import threading
from collections import deque
from collections.abc import Iterable
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from orchestrator_dynamic.observability.logging import get_logger
from orchestrator_dynamic.observability.span_record import SpanRecord

log = get_logger(__name__)

# Some thousand attempts of work; about 1 KB each.
QUEUE_MAX = 20_000
_BATCH_MAX = 512
_LINGER_S = 0.5
_EXPORT_TIMEOUT_S = 5
_PAUSE_S, _PAUSE_MAX_S = 1.0, 30.0
# Two minutes: a batch that the collector will never take must not stand in the way for ever.
_TRIES_MAX = 8
# Writing spans takes the interpreter from the flow, in a burst of thousands half of it. After a
# batch the thread rests for so many times as long as the batch took.
_REST = 2
# A collector that answers at all takes a batch in some ten milliseconds.
CLOSE_S = 2.0

_GRPC_PORT = 4317
_SCOPE = InstrumentationScope("orchestrator_dynamic")
_NS_PER_MS = 1_000_000


class Counts(NamedTuple):
    """What has become of spans so far."""

    exported: int
    dropped: int
    waiting: int
    away: bool


class SpanSender:
    """Takes spans from one thread, and sends them from another. Close it with `close`."""

    def __init__(
        self,
        exporter: SpanExporter,
        resource: Resource,
        *,
        queue_max: int = QUEUE_MAX,
        linger_s: float = _LINGER_S,
        pause_s: float = _PAUSE_S,
    ) -> None:
        """Start the thread; `exporter` is closed with it.

        Args:
            queue_max: what may wait.
            linger_s: for how long few spans wait for more.
            pause_s: how long the first pause is when the collector is away; each is twice the last.
        """
        self._exporter = exporter
        self._resource = resource
        self._queue_max = queue_max
        self._linger_s = linger_s
        self._pause_s = pause_s
        self._waiting: deque[SpanRecord] = deque()
        self._news = threading.Event()
        self._closing = threading.Event()
        self._exported = self._dropped = 0
        self._away = False
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> Counts:
        """What has become of spans so far."""
        return Counts(self._exported, self._dropped, len(self._waiting), self._away)

    def take(self, spans: Iterable[SpanRecord]) -> None:
        """Have spans sent soon; returns at once, and drops what there is no room for."""
        for span in spans:
            if len(self._waiting) >= self._queue_max:
                self._dropped += 1
            else:
                self._waiting.append(span)
        if len(self._waiting) >= _BATCH_MAX:
            self._news.set()

    def close(self, patience_s: float = CLOSE_S) -> None:
        """Send what is waiting, for so long at most; what is left then is dropped and counted."""
        self._closing.set()
        self._news.set()
        self._thread.join(patience_s)
        left = len(self._waiting)
        if left or self._thread.is_alive():
            self._dropped += left
            log.warning("spans_left_unsent", spans=left)

    def _run(self) -> None:
        try:
            while not (self._closing.is_set() and not self._waiting):
                self._news.wait(self._linger_s)
                self._news.clear()
                while self._waiting:
                    began = perf_counter()
                    if not self._got_rid_of_a_batch():
                        return
                    rest_s = _REST * (perf_counter() - began)
                    self._closing.wait(min(rest_s, self._pause_s))
        finally:
            self._exporter.shutdown()

    def _got_rid_of_a_batch(self) -> bool:
        """Send a batch, or drop it after so many tries; return False where the end came before."""
        size = min(_BATCH_MAX, len(self._waiting))
        readable = [self._readable(self._waiting[place]) for place in range(size)]
        pause_s, sent = self._pause_s, False
        for _ in range(_TRIES_MAX):
            if sent := self._sent(readable):
                break
            if self._closing.wait(pause_s):
                return False
            pause_s = min(pause_s * 2, _PAUSE_MAX_S)
        for _ in range(size):
            self._waiting.popleft()
        if sent:
            self._exported += size
        else:
            self._dropped += size
        return True

    def _sent(self, batch: list[ReadableSpan]) -> bool:
        """Return whether a batch arrived."""
        arrived = self._exporter.export(batch) is SpanExportResult.SUCCESS
        if arrived == self._away:
            self._away = not arrived
            log.warning("collector_away" if self._away else "collector_back")
        return arrived

    def _readable(self, span: SpanRecord) -> ReadableSpan:
        trace = int(span.trace_id, 16)
        parent = None if span.parent_id is None else _context(trace, span.parent_id)
        links = () if span.link is None else (Link(_context(trace, span.link)),)
        status = Status(StatusCode.OK)
        if span.error is not None:
            status = Status(StatusCode.ERROR, _writable(span.error))
        return ReadableSpan(
            name=_writable(span.name),
            context=_context(trace, span.span_id),
            parent=parent,
            resource=self._resource,
            attributes={
                name: _writable(value) if isinstance(value, str) else value
                for name, value in span.attributes.items()
            },
            links=links,
            kind=SpanKind.INTERNAL,
            status=status,
            start_time=span.begin * _NS_PER_MS,
            end_time=span.end * _NS_PER_MS,
            instrumentation_scope=_SCOPE,
        )


def sender_to(endpoint: str, version: str, environment: str, protocol: str = "auto") -> SpanSender:
    """Return what sends spans to the collector at `endpoint`.

    Args:
        endpoint: such as http://host:4317 or http://host:4318; with https it is encrypted.
        protocol: `grpc`, `http`, or `auto` for gRPC on OTLP's own port of it, and HTTP elsewhere.
    """
    resource = Resource.create(
        {
            "service.name": "orchestrator-dynamic",
            "service.version": version,
            "deployment.environment.name": environment,
        }
    )
    return SpanSender(exporter_to(endpoint, protocol), resource)


def exporter_to(endpoint: str, protocol: str) -> SpanExporter:
    """Return what speaks to the collector at `endpoint`, as `sender_to` says."""
    parts = urlsplit(endpoint)
    if protocol == "grpc" or (protocol == "auto" and parts.port == _GRPC_PORT):
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
            OTLPSpanExporter as Grpc,
        )

        return Grpc(
            endpoint=f"{parts.hostname}:{parts.port or _GRPC_PORT}",
            insecure=parts.scheme == "http",
            timeout=_EXPORT_TIMEOUT_S,
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http

    path = parts.path.rstrip("/") or "/v1/traces"
    return Http(endpoint=f"{parts.scheme}://{parts.netloc}{path}", timeout=_EXPORT_TIMEOUT_S)


def _context(trace: int, span: str) -> SpanContext:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(trace, int(span, 16), is_remote=False, trace_flags=sampled)


def _writable(text: str) -> str:
    """Return `text` without half characters, which would keep a whole batch from being written."""
    return text.encode(errors="replace").decode()
