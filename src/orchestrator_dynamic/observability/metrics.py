"""What is counted and measured, for Prometheus to fetch.

The engine records several values for every ticket, so that recording costs half a microsecond:
a value is a cell, found by name and labels; what Prometheus wants to see is made when it asks.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.utils import floatToGoString

from orchestrator_dynamic.observability.cells import Cell, Cells, Measure, Table
from orchestrator_dynamic.observability.metric_names import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    VERSION,
    CounterName,
    GaugeName,
    HistogramName,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The metrics of one application, in a registry of its own; two of them do not meet.

    Values are recorded from one thread, the event loop's; any thread may fetch them.
    A name or label that is not in the table raises `InvariantViolation` at once. A label's value
    that is not in the table is counted as `other`, for metrics never break the flow.
    """

    def __init__(self) -> None:
        self._counters = Table({name: Cells(spec.labels).fill() for name, spec in COUNTERS.items()})
        # A gauge that nobody has set says nothing, except where it has no labels and so is zero.
        self._gauges = Table(
            {
                name: Cells(spec.labels) if spec.labels else Cells(spec.labels).fill()
                for name, spec in GAUGES.items()
            }
        )
        # A cell has a count for each bucket, one for what is above them all, and the sum.
        self._histograms = Table(
            {
                name: Cells(spec.labels, size=len(spec.buckets) + 2).fill()
                for name, spec in HISTOGRAMS.items()
            }
        )
        self.set("orchestration_build_info", 1, version=VERSION)
        self._before_fetch: list[Callable[[], None]] = []
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def add(self, name: CounterName, amount: float = 1, **labels: str) -> None:
        """Add `amount`, which must not be negative, to a counter."""
        self._counters[name][tuple(labels.items())][0] += amount

    def counter(self, name: CounterName, **labels: str) -> Cell:
        """Return the cell of a counter, for hot code to raise its first number by itself."""
        return self._counters[name][tuple(labels.items())]

    def histogram(self, name: HistogramName, **labels: str) -> Measure:
        """Return what adds measurements to a histogram, for hot code to keep."""
        return Measure(self._histograms[name][tuple(labels.items())], HISTOGRAMS[name].buckets)

    def set(self, name: GaugeName, value: float, **labels: str) -> None:
        """Say where a gauge stands now."""
        self._gauges[name][tuple(labels.items())][0] = value

    def tell_of_process(self) -> None:
        """Give what Prometheus calls standard metrics as well: CPU, memory, open files, Python."""
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def before_fetch(self, refresh: Callable[[], None]) -> None:
        """Call `refresh` whenever values are fetched: for gauges that cost more than a glance."""
        self._before_fetch.append(refresh)

    def observe(self, name: HistogramName, value: float, **labels: str) -> None:
        """Add one measurement to a histogram."""
        cell = self._histograms[name][tuple(labels.items())]
        cell[bisect_left(HISTOGRAMS[name].buckets, value)] += 1
        cell[-1] += value

    def observe_many(self, name: HistogramName, values: Iterable[float], **labels: str) -> None:
        """Add measurements to a histogram, for a fraction of the cost of one by one."""
        cell = self._histograms[name][tuple(labels.items())]
        buckets = HISTOGRAMS[name].buckets
        for value in values:
            cell[bisect_left(buckets, value)] += 1
            cell[-1] += value

    def render(self) -> bytes:
        """Return all metrics in Prometheus's text format, to be served as `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Family]:
        """Return all metrics as Prometheus's own objects; its registry asks for them."""
        for refresh in self._before_fetch:
            refresh()
        for counter, spec in COUNTERS.items():
            counters = CounterMetricFamily(counter, spec.meaning, labels=list(spec.labels))
            for values, cell in list(self._counters[counter].rows.items()):
                counters.add_metric(values, cell[0])
            yield counters
        for gauge, spec in GAUGES.items():
            gauges = GaugeMetricFamily(gauge, spec.meaning, labels=list(spec.labels))
            for values, cell in list(self._gauges[gauge].rows.items()):
                gauges.add_metric(values, cell[0])
            yield gauges
        for histogram, shape in HISTOGRAMS.items():
            bounds = [*map(floatToGoString, shape.buckets), "+Inf"]
            histograms = HistogramMetricFamily(histogram, shape.meaning, labels=list(shape.labels))
            for values, cell in list(self._histograms[histogram].rows.items()):
                counts = accumulate(cell[:-1])
                histograms.add_metric(values, list(zip(bounds, counts, strict=True)), cell[-1])
            yield histograms
