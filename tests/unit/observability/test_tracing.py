"""Spans on their way to a collector: bounded in memory, and at the end of the process."""

import threading
import time
from collections.abc import Sequence

import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from orchestrator_dynamic.observability.span_record import SpanRecord
from orchestrator_dynamic.observability.tracing import SpanSender, exporter_to

PATIENCE_S = 10


class Collector(SpanExporter):
    """A collector that takes nothing for so many times, or never answers until let go."""

    def __init__(self, *, refuses: int = 0, hangs: bool = False) -> None:
        self.got: list[ReadableSpan] = []
        self.asked = 0
        self.arrived, self.closed, self.let_go = (threading.Event() for _ in range(3))
        self._refuses = refuses
        self._hangs = hangs

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """As the library says."""
        self.asked += 1
        if self._hangs:
            self.let_go.wait(PATIENCE_S)
        if self.asked <= self._refuses:
            return SpanExportResult.FAILURE
        self.got += spans
        self.arrived.set()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """As the library says."""
        self.closed.set()


def spans(count: int, name: str = "run") -> list[SpanRecord]:
    """Return spans of one trace, numbered from 1."""
    return [
        SpanRecord("a" * 32, f"{n:016x}", None, name, 5, 7, {"orchestration.attempt": 1})
        for n in range(1, count + 1)
    ]


def test_what_is_handed_over_arrives_with_its_own_ids() -> None:
    """Ids and moments are those of the record, not the library's."""
    collector = Collector()
    sender = SpanSender(collector, Resource.get_empty())
    about = {"orchestration.task_id": "half \ud800"}
    failed = SpanRecord("a" * 32, "b" * 16, "c" * 16, "\ud800", 5, 7, about, "no \ud800", "d" * 16)
    sender.take([failed])
    sender.close()
    [got] = collector.got

    assert collector.closed.is_set()
    assert got.context is not None
    assert got.parent is not None
    assert (got.context.trace_id, got.context.span_id) == (int("a" * 32, 16), int("b" * 16, 16))
    assert got.parent.span_id == int("c" * 16, 16)
    assert [link.context.span_id for link in got.links] == [int("d" * 16, 16)]
    assert (got.start_time, got.end_time) == (5_000_000, 7_000_000)
    assert (got.name, got.status.description) == ("?", "no ?")
    assert got.attributes == {"orchestration.task_id": "half ?"}
    assert sender.counts.exported == 1


def test_what_does_not_fit_is_dropped_and_counted() -> None:
    """A collector that takes nothing must not fill the memory."""
    collector = Collector(hangs=True)
    sender = SpanSender(collector, Resource.get_empty(), queue_max=10)
    sender.take(spans(25))
    assert (sender.counts.waiting, sender.counts.dropped) == (10, 15)

    collector.let_go.set()
    sender.close()
    assert (sender.counts.exported, sender.counts.dropped) == (10, 15)


def test_a_collector_that_never_answers_does_not_hold_up_the_end() -> None:
    """The library's own flush would wait for half a minute; what is left counts as dropped."""
    collector = Collector(hangs=True)
    sender = SpanSender(collector, Resource.get_empty(), linger_s=0)
    sender.take(spans(3))
    began = time.monotonic()
    sender.close(0.2)
    took_s = time.monotonic() - began
    collector.let_go.set()

    assert took_s < 1
    assert sender.counts.dropped == 3


def test_a_collector_that_is_away_does_not_hold_up_the_end_by_a_pause() -> None:
    """The pause before the next try ends where the process does."""
    collector = Collector(refuses=1_000)
    sender = SpanSender(collector, Resource.get_empty(), linger_s=0, pause_s=PATIENCE_S)
    sender.take(spans(3))
    began = time.monotonic()
    sender.close(PATIENCE_S)

    assert time.monotonic() - began < 2
    assert collector.closed.wait(PATIENCE_S)
    assert sender.counts.dropped == 3


def test_what_a_collector_missed_reaches_it_when_it_is_back() -> None:
    """A restart of the collector loses nothing, and the breaker says what is going on."""
    collector = Collector(refuses=2)
    sender = SpanSender(collector, Resource.get_empty(), linger_s=0, pause_s=0.01)
    sender.take(spans(3))

    assert collector.arrived.wait(PATIENCE_S)
    sender.close()
    assert collector.asked == 3
    assert (sender.counts.exported, sender.counts.dropped) == (3, 0)
    assert not sender.counts.away


def test_spans_that_a_collector_never_takes_do_not_stand_in_the_way() -> None:
    """After so many tries a batch is given up, and those behind it have their turn."""
    collector = Collector(refuses=8)
    sender = SpanSender(collector, Resource.get_empty(), linger_s=0, pause_s=0.001)
    sender.take(spans(512 + 1))

    assert collector.arrived.wait(PATIENCE_S)
    sender.close()
    assert (sender.counts.exported, sender.counts.dropped) == (1, 512)


@pytest.mark.parametrize(
    ("endpoint", "protocol", "kind", "reached"),
    [
        ("http://collector:4317", "auto", Grpc, "collector:4317"),
        ("http://collector:4318", "auto", Http, "http://collector:4318/v1/traces"),
        ("https://collector", "auto", Http, "https://collector/v1/traces"),
        ("http://collector/otlp/traces", "auto", Http, "http://collector/otlp/traces"),
        ("http://collector:9000", "grpc", Grpc, "collector:9000"),
        ("http://collector:4317", "http", Http, "http://collector:4317/v1/traces"),
    ],
)
def test_the_port_says_which_protocol_it_is_unless_a_setting_does(
    endpoint: str, protocol: str, kind: type[Grpc | Http], reached: str
) -> None:
    """One setting is enough for collectors on OTLP's own ports."""
    exporter = exporter_to(endpoint, protocol)
    assert isinstance(exporter, kind)
    assert exporter._endpoint == reached
    exporter.shutdown()


def test_handing_spans_over_takes_microseconds() -> None:
    """It happens in the event loop, between a turn and the next."""
    collector = Collector()
    sender = SpanSender(collector, Resource.get_empty(), queue_max=20_000)
    many = spans(10_000)
    began = time.perf_counter()
    sender.take(many)
    each_us = (time.perf_counter() - began) * 1e6 / len(many)
    sender.close()

    assert each_us < 50
